// One document under its official labels: its facts, its state as far as it is known, what each view tells, showing it.

import * as keys from "../keys.js";
import { day, el, moment } from "./dom.js";
import { online, say, tell } from "./language.js";
import { runningOut, standing, supply } from "./standing.js";

/** @param {any} fact */
function term(fact) {
  const label = el("dt", {}, tell(fact.label), fact.sensitive && [" ", el("span", { class: "state-word sensitive" }, say("nhạy cảm", "sensitive"))]);
  if (fact.picture) return [label, el("dd", {}, el("img", { class: "portrait", src: `data:image/webp;base64,${fact.picture}`, alt: tell(fact.label) }))];
  if (fact.rows.length) return [label, el("dd", {}, el("ul", { class: "rows" }, fact.rows.map((row) => el("li", {}, tell(row)))))];
  return [label, el("dd", { class: fact.number && "number" }, tell(fact.value))];
}

/** @param {string} label @param {string} value */
const dated = (label, value) => [el("dt", {}, label), el("dd", { class: "number" }, value)];

/** @param {{ tells: any[], withholds: any[] }} view */
export function disclosed({ tells, withholds }) {
  const list = (fields) => fields.map(({ label, sensitive }) => `${tell(label)}${sensitive ? ` (${say("nhạy cảm", "sensitive")})` : ""}`).join(", ");
  return [
    el("p", { class: "small tells-in-words" }, el("strong", {}, `${say("Cho biết", "Tells")}: `), `${list(tells)}.`),
    withholds.length > 0 && el("p", { class: "small quiet withholds-in-words" }, el("strong", {}, `${say("Không cho biết", "Does not tell")}: `), `${list(withholds)}.`),
  ];
}

/** The copies whose keys lie in this browser. @param {any} document */
export async function here(document) {
  const found = await Promise.all(document.copies.map(({ thumbprint }) => keys.find(thumbprint)));
  return document.copies.filter((_, place) => found[place]);
}

/** @param {any} app @param {any} document */
function copies(app, document) {
  const { fresh: least, of } = supply(document, app.used);
  return [
    of > 0 && el("p", { class: `small ${runningOut(document, app.used) ? "" : "quiet"}`, id: "supply" }, say(`Bản chưa dùng: ít nhất ${least} trên ${of}. Mỗi bản dùng một lần; ví nhận thêm khi có mạng.`, `Unused copies: at least ${least} of ${of}. Each is used once; the wallet fetches more when online.`)),
    document.whole.length > 0 && el("p", { class: "small quiet" }, `${say("Để trình qua mạng, bản chưa dùng", "To show online, unused copies")}: ${document.whole.map(({ title, copies: count, fresh }) => `${tell(title)} ${fresh}/${count}`).join(", ")}.`),
  ];
}

/** What is not in the vault may be on its way into it. @param {Node} back */
export function fetching(back) {
  const title = say("Đang lấy giấy tờ về máy này…", "Fetching the document to this device…");
  return { name: "fetching", live: true, title, nodes: [back, el("h1", { role: "status" }, title)] };
}

export async function detailsScreen(app, id) {
  const document = app.documents.find((each) => each.id === id);
  const back = el("a", { class: "back", id: "back", href: "#/" }, `← ${say("Giấy tờ của tôi", "My documents")}`);
  if (!document && app.met === "asking") return fetching(back);
  if (!document) return { name: "gone", live: true, title: say("Không còn", "Gone"), nodes: [back, el("h1", {}, say("Giấy tờ này không còn trong ví trên máy này", "This document is no longer in the wallet on this device"))] };
  const [state, mine] = [standing(document, app.now()), await here(document)];
  const views = document.views.filter(({ name }) => mine.some(({ view }) => view === name));
  const renew = ["expired", "expiring", "locked"].includes(state.standing);
  return { name: "details", live: true, title: tell(document.title), nodes: [
    back,
    el("div", { class: `document document-${document.type} flat` },
      el("span", { class: "glyph", "aria-hidden": "true" }, document.glyph),
      el("h1", { class: "document-title" }, tell(document.title), document.about && [" ", el("span", { class: "number" }, document.about)]),
      el("span", { class: `state-word ${state.look}`, id: "state", "data-standing": state.standing }, tell(state.word))),
    el("div", { class: "actions spread" },
      views.length > 0 && el("a", { class: "button", id: "show", href: `#/show/${document.id}/${views[0].name}` }, say("Xuất trình", "Show it")),
      el("a", { class: renew && views.length === 0 ? "button" : "button other", id: "online", href: online(`/documents/${document.id}`) }, say("Cập nhật, gỡ bỏ", "Refresh, remove"))),
    document.copies.length > 0 && views.length === 0 && el("p", { class: "notice", id: "no-key" }, say("Khóa của giấy tờ này không ở trên máy này. Hãy xuất trình từ thiết bị đã nhận giấy tờ, hoặc nhận lại tại đây khi có mạng.", "The key of this document is not on this device. Show it from the device that received it, or receive it again here when online.")),
    state.standing === "locked" && el("p", { class: "notice", id: "locked" }, say("Các bản này đã bị khóa, nên nơi kiểm tra không nhận. Nếu bạn khóa vì mất máy và nay đã có lại máy, hãy cập nhật để nhận bản mới.", "These copies are locked, and checkers do not accept them. If you locked them because this device was lost, and have it back, refresh to get new ones.")),
    copies(app, document),
    el("h2", {}, say("Thông tin", "Details")),
    el("dl", { class: "facts", id: "facts" }, document.facts.map(term),
      document.issuer && [el("dt", {}, say("Cơ quan cấp", "Issued by")), el("dd", { id: "issuer" }, tell(document.issuer))],
      dated(say("Ký ngày", "Signed on"), day(document.issued)),
      dated(say("Nhận vào ví ngày", "Received on"), day(document.received)),
      dated(say("Dùng được đến", "Good until"), day(document.expires)),
      app.rest && dated(say("Trạng thái biết lúc", "State known as of"), moment(app.rest.asOf))),
    views.length > 0 && el("h2", {}, say("Cách xuất trình", "Ways to show it")),
    views.length > 0 && el("ul", { class: "plain", id: "views" }, views.map((view) => el("li", { class: "card" },
      el("h3", {}, el("a", { href: `#/show/${document.id}/${view.name}`, "data-view": view.name }, tell(view.title))),
      el("p", {}, tell(view.about)), disclosed(view)))),
  ] };
}
