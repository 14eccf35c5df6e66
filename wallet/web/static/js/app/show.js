// Show: a fresh holder proof every 30 seconds, drawn as large as the screen lets it, with what it tells and what not.
// Spec: certs/qr.md. No network takes part.

import * as base64url from "../base64url.js";
import * as keys from "../keys.js";
import { holderProof, toText } from "../proof.js";
import { draw } from "../qr.js";
import { fetching, here } from "./details.js";
import { el, svg } from "./dom.js";
import { clockNotice } from "./home.js";
import { say, tell } from "./language.js";
import { standing } from "./standing.js";
import * as vault from "./vault.js";

const LIFE = 30; // seconds until the next code; a verifier takes one for 60, so a slow scan still finds it fresh

/** The countdown and the code, for as long as the screen is there. @param {any} copy @param {CryptoKey} privateKey
 * @param {{ audience?: string, challenge?: Uint8Array }} [bound] to whose question it is the answer */
function running(picture, seconds, ring, { credential }, { privateKey, jwk }, bound = {}) {
  const [signed, key] = [base64url.decode(credential), keys.holderKey(privateKey, jwk)];
  let [renewAt, busy] = [0, false];
  const tick = async () => {
    if (busy || document.hidden) return; // a code that nobody sees need not be signed
    if (Date.now() >= renewAt || renewAt - Date.now() > LIFE * 1000) { // or the clock was set back
      busy = true;
      performance.mark("code begins");
      const text = toText(await holderProof(signed, key, { ...bound, now: Math.floor(Date.now() / 1000) }));
      draw(picture, text);
      picture.dataset.text = text; // what the picture says, for tests and assistive tools
      performance.measure("fresh code", "code begins");
      renewAt = Date.now() + LIFE * 1000;
      busy = false;
    }
    const left = Math.max(0, Math.ceil((renewAt - Date.now()) / 1000));
    seconds.textContent = String(left);
    ring.setAttribute("stroke-dashoffset", String(100 - (100 * left) / LIFE));
  };
  const timer = setInterval(tick, 500);
  document.addEventListener("visibilitychange", tick);
  return { tick, end: () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", tick);
  } };
}

/** The screen must not go dark before the checker has it. @returns {Promise<() => void>} */
async function awake() {
  const lock = await navigator.wakeLock?.request("screen").catch(() => null);
  return () => lock?.release().catch(() => {});
}

export function listed(id, fields, title) {
  return fields.length > 0 && [el("h3", {}, title), el("ul", { class: id, id }, fields.map(({ name, label, sensitive }) => (
    el("li", { "data-field": name }, tell(label), sensitive && [" ", el("span", { class: "state-word sensitive" }, say("nhạy cảm", "sensitive"))])
  )))];
}

/** @param {any} held @param {any[]} views @param {any} chosen */
function chooser(held, views, chosen) {
  return views.length > 1 && el("nav", { class: "card", "aria-labelledby": "choose-view" },
    el("h2", { id: "choose-view" }, say("Chọn cách xuất trình khác", "Choose another view")),
    el("ul", { class: "plain", id: "views" }, views.map((view) => el("li", {}, view === chosen
      ? el("span", { class: "chosen", "aria-current": "true" }, `● ${tell(view.title)}`)
      : el("a", { class: "choice", href: `#/show/${held.id}/${view.name}`, "data-view": view.name }, `○ ${tell(view.title)}`)))));
}

/** The copy whose turn it is, noted as shown. A full storage keeps nobody from showing: it is said at home, and which copies went
 * out is known until the wallet is locked.
 * @param {string} [to] who asked, by their name on the trust list */
async function begin(app, held, view, copies, to) {
  let copy;
  try {
    copy = await vault.take(app.opened, copies, Date.now());
    await vault.noteShown(app.opened, { type: held.type, view, at: app.now(), ...(to === undefined ? {} : { to }) });
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
    app.met = "full";
    copy ??= copies.find(({ thumbprint }) => !app.used.has(thumbprint)) ?? copies[0];
  }
  return copy;
}

export const heading = (held, view) => el("h1", { id: "showing-title" }, el("span", { class: "glyph small-glyph", "aria-hidden": "true" }, held.glyph), ` ${tell(view.title)}`);

/** For the person who shows it: the checker's own screen has it from the code. */
export function portraitOf(held, view) {
  const portrait = view.tells.some((field) => field.name === "portrait") && held.facts.find((fact) => fact.picture);
  return portrait && el("img", { class: "portrait", src: `data:image/webp;base64,${portrait.picture}`, alt: tell(portrait.label) });
}

/** A fresh code of this view, its countdown, and what must be stopped when the screen goes away.
 * @param {{ audience: string, challenge: Uint8Array } | undefined} [question] whom it answers */
export async function codeCard(app, held, view, copies, question) {
  const copy = await begin(app, held, view.name, copies, question?.audience);
  app.used.add(copy.thumbprint);
  const picture = svg("svg", { id: "qr", role: "img", "aria-label": say("Mã QR để người kiểm tra quét", "QR code for the checker to scan") });
  const ring = svg("circle", { cx: 18, cy: 18, r: 15.9155, class: "ring", pathLength: 100, "stroke-dasharray": 100, "stroke-dashoffset": 0 });
  const seconds = el("span", { class: "number", id: "seconds", role: "timer" }, String(LIFE));
  const bound = question && { audience: question.audience, challenge: question.challenge };
  const clock = running(picture, seconds, ring, copy, await keys.find(copy.thumbprint), bound);
  await clock.tick();
  const sleep = awake();
  return {
    name: copy.name,
    print: copy.thumbprint,
    settle: () => { // on a telephone held sideways the code is below the edge
      if (picture.getBoundingClientRect().bottom > innerHeight) picture.scrollIntoView({ block: "center" });
    },
    end: () => {
      clock.end();
      sleep.then((release) => release());
      app.synchronise(); // where there is a network, the server hears of it now
    },
    nodes: [
      el("div", { class: "qr", id: "qr-frame" }, picture),
      el("div", { class: "countdown", id: "countdown" },
        svg("svg", { viewBox: "0 0 36 36", width: 44, height: 44, "aria-hidden": "true" }, svg("circle", { cx: 18, cy: 18, r: 15.9155, class: "track" }), ring),
        el("p", {}, `${say("Mã mới sau", "New code in")} `, seconds, ` ${say("giây", "s")}`)),
      el("p", { class: "small", id: "brightness" }, say("Hãy tăng độ sáng màn hình để mã được quét nhanh.", "Turn the screen's brightness up, so that the code scans quickly.")),
    ],
  };
}

export async function showScreen(app, id, name) {
  const held = app.documents.find((each) => each.id === id);
  const mine = held ? await here(held) : [];
  const views = (held?.views ?? []).filter((view) => mine.some((each) => each.view === view.name));
  const chosen = name === undefined ? views[0] : views.find((view) => view.name === name);
  const back = el("a", { class: "back", id: "back", href: held ? `#/documents/${id}` : "#/" }, `← ${say("Chi tiết", "Details")}`);
  if (!chosen && app.met === "asking") return fetching(back);
  if (!chosen) return { name: "gone", live: true, title: say("Không xuất trình được", "Cannot be shown"), nodes: [back, el("h1", {}, say("Khóa của giấy tờ này không ở trên máy này", "The key of this document is not on this device"))] };
  const state = standing(held, app.now());
  const card = await codeCard(app, held, chosen, mine.filter(({ view }) => view === chosen.name));
  return {
    name: "show",
    title: `${say("Xuất trình", "Show")}: ${tell(chosen.title)}`,
    settle: card.settle,
    end: card.end,
    replaced: () => !app.documents.some(({ copies }) => copies.some(({ thumbprint }) => thumbprint === card.print)),
    nodes: [
      back,
      clockNotice(app),
      el("section", { class: `showing document-${held.type}`, id: "showing", "aria-labelledby": "showing-title", "data-document": id, "data-view": chosen.name },
        heading(held, chosen),
        portraitOf(held, chosen),
        card.name && el("p", { class: "holder", id: "holder-name" }, card.name),
        state.look !== "good" && el("p", {}, el("span", { class: `state-word ${state.look}`, id: "state", "data-standing": state.standing }, tell(state.word))),
        card.nodes),
      el("div", { class: "card" },
        el("h2", {}, say("Mã này cho biết gì", "What this code tells")),
        el("p", {}, tell(chosen.about)),
        listed("tells", chosen.tells, say("Cho biết", "Tells")),
        listed("withholds", chosen.withholds, say("Không cho biết", "Does not tell"))),
      chooser(held, views, chosen),
    ],
  };
}
