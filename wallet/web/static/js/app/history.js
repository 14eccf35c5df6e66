// History: what was shown or refused from here and not yet told to the server, then what the server knew when it was last asked.

import { el, moment } from "./dom.js";
import { online, say, tell } from "./language.js";
import * as vault from "./vault.js";

/** For the history, here and at the server. A full storage keeps nobody from going on: it is said at home. */
export async function note(app, entry) {
  try {
    await vault.noteShown(app.opened, { at: app.now(), ...entry });
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
    app.met = "full";
    return;
  }
  app.synchronise(); // where there is a network, the server hears of it now
}

/** @param {any} app @param {string} name as type.view */
function named(app, name) {
  const [type, view] = name.split(".");
  const kind = app.rest?.asking?.kinds.find((each) => each.name === type);
  const title = kind?.views.find((each) => each.name === view)?.title;
  return title ? `${tell(kind.title)} – ${tell(title)}` : name;
}

const asked = (names) => names?.length > 0 && el("p", { class: "small asked" }, `${say("Được hỏi", "Asked for")}: ${names.join("; ")}`);

/** @param {{ vi: string, en: string }} name */
const told = (name) => el("p", { class: "small to" }, `${say("Cho", "To")}: `, el("strong", {}, tell(name)));

/** @param {any} app @param {any} entry */
function waiting(app, entry) {
  const held = app.documents.find(({ type }) => type === entry.type);
  const view = held?.views.find(({ name }) => name === entry.view);
  const no = entry.declined === true ? say("Đã từ chối gửi", "Not presented") : say("Ví đã từ chối trả lời thay bạn", "The wallet refused to answer for you");
  const word = entry.declined ? no : say("Đã xuất trình", "Shown");
  return el("li", { class: "card", "data-shown": entry.type ?? "" },
    el("p", {}, el("strong", {}, word), held && `: ${tell(held.title)}`, el("br"), el("span", { class: "small quiet number" }, moment(entry.at))),
    entry.to && told(app.rest?.asking?.readers.find(({ organisation }) => organisation === entry.to)?.name ?? { vi: entry.to, en: entry.to }),
    asked(entry.asked?.map((name) => named(app, name))),
    view && el("p", { class: "small" }, `${say("Cách xuất trình", "View")}: ${tell(view.title)}`),
    view && el("p", { class: "small" }, `${say("Đã cho biết", "Told")}: ${view.tells.map(({ label }) => tell(label)).join(", ")}`),
    el("p", { class: "small quiet" }, say("Chưa gửi về máy chủ của ví; sẽ gửi khi có mạng.", "Not yet sent to the wallet's server; it will be when there is a network.")));
}

/** @param {any} line */
function known(line) {
  return el("li", { class: "card" },
    el("p", {}, el("strong", {}, line.word ? tell(line.word) : "–"), line.type && `: ${tell(line.type)}`, el("br"), el("span", { class: "small quiet number" }, moment(line.at))),
    line.to && told(line.to),
    asked(line.asked?.map(tell)),
    line.views?.length > 0 && el("p", { class: "small" }, `${say("Cách xuất trình", "View")}: ${line.views.map(tell).join(", ")}`),
    line.claims?.length > 0 && el("p", { class: "small" }, `${say("Đã cho biết", "Told")}: ${line.claims.map(tell).join(", ")}`));
}

export async function historyScreen(app) {
  const title = say("Lịch sử", "History");
  const entries = [...(await vault.shown(app.opened)).reverse().map((entry) => waiting(app, entry)), ...(app.rest?.history ?? []).map(known)];
  return { name: "history", live: true, title, nodes: [
    el("a", { class: "back", id: "back", href: "#/" }, `← ${say("Giấy tờ của tôi", "My documents")}`),
    el("h1", {}, title),
    entries.length
      ? el("ul", { class: "plain", id: "entries" }, entries)
      : el("div", { class: "card" }, el("p", {}, say("Mỗi lần bạn nhận, xuất trình hoặc gỡ một giấy tờ, một dòng sẽ hiện ở đây: tên của thông tin, không bao giờ là nội dung.", "Each time you receive, show or remove a document, a line appears here: names of facts, never their content."))),
    el("p", { class: "spaced" }, el("a", { id: "whole-history", href: online("/history") }, say("Toàn bộ lịch sử, khi có mạng", "The whole history, online"))),
  ] };
}
