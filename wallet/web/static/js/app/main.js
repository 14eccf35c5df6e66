// The offline wallet: which screen is seen, when the vault is open, when it locks itself, when the network is asked.
// Spec: none; everything comes from the cache (service-worker.js) and from the phone vault (vault.js).

import { askedScreen } from "./asked.js";
import { detailsScreen } from "./details.js";
import { el } from "./dom.js";
import { historyScreen } from "./history.js";
import { homeScreen } from "./home.js";
import { adopt, choose, language, online, say } from "./language.js";
import { lockedScreen, newcomerScreen, newVaultScreen } from "./locked.js";
import { scanScreen } from "./scan.js";
import { settingsScreen } from "./settings.js";
import { showScreen } from "./show.js";
import * as syncing from "./sync.js";
import * as vault from "./vault.js";

const IDLE = 5 * 60_000; // ms without a touch
const AWAY = 60_000; // ms in the background
const main = document.getElementById("main");

/** What every screen may look at, and do. */
const app = {
  /** @type {import("./vault.js").Opened | null} */ opened: null,
  documents: [], rest: null, used: new Set(), damaged: false,
  /** @type {import("./challenge.js").Asked | null} what was scanned last */ question: null,
  /** @type {"offline" | "signed-out" | "other-person" | "full" | "done" | "asking"} */ met: "asking",
  now: () => Math.floor(Date.now() / 1000),
  go: (route) => { location.hash = route; },
  render, enter, lock, refresh, synchronise,
};
let seen = { live: true }; // the screen that is seen; what its `end` stops, stops when it goes away
let touched = Date.now();
let [turn, making, overdue] = [0, 0, false]; // screens under way; whether what they tell has changed meanwhile

const SCREENS = { "": homeScreen, documents: detailsScreen, show: showScreen, scan: scanScreen, asked: askedScreen, history: historyScreen, settings: settingsScreen, "no-network": homeScreen };

/** What a link may say; what is no address of ours leads home. @returns {string[]} */
function route() {
  try {
    const parts = location.hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
    return Object.hasOwn(SCREENS, parts[0]) ? parts : [""];
  } catch {
    return [""]; // a percent sign that stands for nothing
  }
}

async function screen() {
  if (app.opened) return SCREENS[route()[0]](app, ...route().slice(1));
  const kept = await vault.look();
  if (kept) return lockedScreen(app, kept);
  const answer = await syncing.ask();
  if (answer.outcome === "here") adopt(answer.told.language); // as on the page where they signed in
  return answer.outcome === "here" ? newVaultScreen(app, answer.told.owner) : newcomerScreen(app, answer.outcome);
}

/** @param {{ focus?: boolean }} [how] */
async function render({ focus = true } = {}) {
  const mine = (turn += 1);
  making += 1;
  const shown = await screen().finally(() => { making -= 1; });
  if (mine !== turn) {
    shown.end?.();
    return; // another screen was asked for meanwhile
  }
  seen.end?.();
  seen = shown;
  frame();
  main.replaceChildren(...shown.nodes.flat(Infinity).filter(Boolean));
  document.title = `${shown.title} – ${say("Ví giấy tờ (mô phỏng)", "Document wallet (simulation)")}`;
  const first = main.querySelector("[autofocus]") ?? (focus ? main : null);
  first?.focus({ preventScroll: first === main });
  if (focus) scrollTo(0, 0);
  shown.settle?.();
  performance.mark(`screen ${shown.name}`);
  document.documentElement.dataset.screen = shown.name;
  if (overdue) await renew();
}

/** The header and what never changes but its language. */
function frame() {
  document.documentElement.lang = language();
  const other = language() === "en" ? "vi" : "en";
  document.getElementById("skip").textContent = say("Đến nội dung chính", "Skip to main content");
  document.getElementById("simulation").setAttribute("aria-label", say("Lưu ý", "Note"));
  document.getElementById("simulation").textContent = say("Mô phỏng – không liên quan đến VNeID thật hay bộ nào. Chỉ có người hư cấu.", "Simulation – no tie to the real VNeID or any ministry. Fictional people only.");
  document.getElementById("footer").textContent = say("Bản tham chiếu mã nguồn mở để học và thử nghiệm. Không nhập thông tin thật.", "An open-source reference for learning and testing. Enter no real data.");
  document.getElementById("top").replaceChildren(...[
    el("a", { class: "role", href: "#/" }, say("Ví giấy tờ · Công dân", "Wallet · Citizen")),
    app.opened && el("button", { type: "button", id: "lock", on: { click: lock } }, say("Khóa ví", "Lock")),
    el("button", { type: "button", id: "other-language", lang: other, on: { click: () => {
      choose(other);
      render({ focus: false });
    } } }, say("English", "Tiếng Việt")),
  ].filter(Boolean));
}

/** @param {import("./vault.js").Opened} opened */
async function enter(opened) {
  Object.assign(app, { opened, met: "asking" });
  touched = Date.now();
  await refresh();
  await render();
  await synchronise();
}

/** What the vault holds now. Where bytes of it were changed it counts as empty; with a network it is filled anew. */
async function refresh() {
  const { opened } = app;
  const held = await vault.read(opened).catch((error) => {
    if (error.name === "OperationError") return null; // the seal does not hold
    throw error;
  });
  const used = await vault.usedCopies(opened);
  if (app.opened === opened) Object.assign(app, held ?? { documents: [], rest: null }, { damaged: held === null, used: new Set([...used, ...app.used]) }); // else it was locked meanwhile
}

async function synchronise() {
  const { opened } = app;
  if (!opened) return;
  app.met = await syncing.sync(opened).catch(() => "offline");
  if (app.opened !== opened) return;
  await refresh();
  await renew();
  document.documentElement.dataset.met = app.met;
  if (app.met === "done" && !("BarcodeDetector" in globalThis)) await syncing.fetchScanner();
}

/** What a screen tells of the vault, anew. One with a form is left alone, and one with a code as long as its copy is held. One
 * that is being made is waited for: made twice, it would use two copies. */
async function renew() {
  overdue = making > 0;
  if (overdue) return;
  if (seen.live || seen.replaced?.()) await render({ focus: false });
}

async function lock() {
  Object.assign(app, { opened: null, documents: [], rest: null, used: new Set(), question: null });
  await render();
}

async function changedElsewhere() {
  try {
    if (!app.opened) {
      if (Boolean(await vault.look()) !== (seen.name === "locked")) await render({ focus: false });
      return;
    }
    await refresh();
    await renew();
  } catch {
    await lock(); // removed, or made anew: what was open here is nothing
  }
}

/** @param {boolean} [away] the page was out of sight until now: there its timers may have stood still */
function restless(away = document.hidden) {
  if (app.opened && Date.now() - touched > (away ? AWAY : IDLE)) lock();
}

addEventListener("hashchange", () => {
  if (/^#?\/?$|^#\//.test(location.hash) || location.hash === "") render();
});
for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => { touched = Date.now(); }, { passive: true });
document.addEventListener("visibilitychange", () => {
  if (document.hidden) touched = Date.now();
  else restless(true);
});
addEventListener("online", () => synchronise());
setInterval(() => restless(), 15_000);
vault.onChange(changedElsewhere);
navigator.serviceWorker?.register("/service-worker.js").catch(() => {}); // without it everything works, online
try {
  await render({ focus: false });
} catch (error) {
  frame();
  main.replaceChildren(el("p", { class: "notice", id: "no-storage" }, say("Trình duyệt này không cho ví lưu gì trên máy. Hãy tắt chế độ riêng tư hoặc dùng trình duyệt khác. ", "This browser does not let the wallet keep anything on the device. Leave the private mode, or use another browser. "), el("a", { href: online("/documents") }, say("Trang có mạng", "Online pages"))));
  throw error;
}
