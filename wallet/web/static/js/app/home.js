// Home: documents as cards, whose state is seen at a glance, and everything that this phone must tell its person.

import * as keys from "../keys.js";
import { el, moment, day } from "./dom.js";
import { online, say, tell } from "./language.js";
import { full, lasting } from "./locked.js";
import { clockFault, runningOut, standing } from "./standing.js";

/** @param {any} app @returns {Node | null} */
export function clockNotice(app) {
  const fault = clockFault(app.now(), app.rest);
  if (fault === 0) return null;
  const [by, ahead] = [lasting(Math.abs(fault)), fault > 0];
  return el("p", { class: "notice warning", id: "clock-wrong", role: "status" }, say(
    `Đồng hồ của máy này chạy ${ahead ? "nhanh" : "chậm"} ${by}: người kiểm tra có thể không nhận mã QR. Hãy bật đặt giờ tự động trong cài đặt của máy.`,
    `This device's clock is ${by} ${ahead ? "fast" : "slow"}: a checker may not accept the QR code. Switch on automatic time in the device's settings.`));
}

/** @param {any} app @returns {Node[]} */
function notices(app) {
  const told = [clockNotice(app)];
  const say_ = (id, text, ...more) => told.push(el("p", { class: "notice", id, role: "status" }, text, ...more));
  if (location.hash === "#/no-network") say_("page-needs-network", say("Trang đó cần có mạng. Giấy tờ của bạn vẫn xuất trình được ở đây.", "That page needs a network. You can still show your documents here."));
  if (app.damaged) say_("damaged", say("Dữ liệu giấy tờ trên máy này bị hỏng, nên không được dùng. Hãy mở ví khi có mạng: giấy tờ sẽ được tải lại.", "The documents on this device are damaged and are not used. Open the wallet with a network: they will be fetched again."));
  if (app.met === "full") say_("storage-full", full("keep").join(" "));
  if (app.met === "other-person") say_("other-person", say("Người đang đăng nhập không phải chủ của ví trên máy này, nên ví không được cập nhật. Hãy đăng xuất rồi đăng nhập lại; hoặc xóa dữ liệu trên máy này ở phần Cài đặt.", "Whoever is signed in is not the owner of the wallet on this device, so it was not updated. Sign out and sign in again; or remove this device's data in Settings."));
  if (app.met === "signed-out") say_("signed-out", say("Bạn chưa đăng nhập, nên trạng thái và bản mới chưa được cập nhật. ", "You are not signed in, so states and new copies were not fetched. "), el("a", { href: online("/sign-in?next=/app"), id: "sign-in" }, say("Đăng nhập", "Sign in")));
  if (app.rest?.awaited) say_("awaited", el("a", { href: online("/backup") }, say(`Giấy tờ trong bản sao lưu cần được cấp lại: ${app.rest.awaited}`, `Documents of your backup to be issued anew: ${app.rest.awaited}`)));
  const short = app.documents.filter((each) => runningOut(each, app.used));
  if (short.length) say_("running-out", say(
    `Sắp hết bản chưa dùng: ${short.map((each) => tell(each.title)).join(", ")}. Hãy mở ví khi có mạng để nhận bản mới; nếu hết, bản cũ được dùng lại và hai nơi kiểm tra có thể nhận ra cùng một người.`,
    `Unused copies are running out: ${short.map((each) => tell(each.title)).join(", ")}. Open the wallet with a network to fetch more; without them old copies are used again, and two checkers could tell that it was the same person.`));
  return told;
}

function card(app, document) {
  const state = standing(document, app.now());
  return el("li", {}, el("a", { class: `document document-${document.type}`, href: `#/documents/${document.id}`, "data-type": document.type, "data-id": document.id },
    el("span", { class: "glyph", "aria-hidden": "true" }, document.glyph),
    el("span", { class: "document-title" }, tell(document.title), document.about && [" ", el("span", { class: "number" }, document.about)]),
    el("span", { class: `state-word ${state.look}`, "data-standing": state.standing }, tell(state.word)),
    el("span", { class: "small received" }, `${say("dùng được đến", "good until")} `, el("span", { class: "number" }, day(document.expires)))));
}

/** What an issuer has promised; its page asks for it, or gives it up. */
function awaited(app, { id, type, title, glyph, asked, again }) {
  return el("li", {}, el("a", { class: `document waiting document-${type}`, href: online(`/waiting/${id}`), "data-waiting": id },
    el("span", { class: "glyph", "aria-hidden": "true" }, glyph),
    el("span", { class: "document-title" }, tell(title)),
    el("span", { class: "state-word unsure" }, say("Đang chờ cấp", "Waiting to be issued")),
    el("span", { class: "small received" }, `${say("yêu cầu ngày", "asked on")} `, el("span", { class: "number" }, day(asked)), " · ",
      again <= app.now() ? say("hỏi lại được rồi", "you can ask again now") : [`${say("hỏi lại từ", "ask again from")} `, el("span", { class: "number" }, moment(again))])));
}

/** @param {string} id @param {string} href @param {...(Node | string)} words */
const way = (id, href, ...words) => el("li", {}, el("a", { class: "choice", id, href }, ...words));

/** Signing in elsewhere by this phone, where it is enrolled; else the way there. */
async function phoneWays({ opened }) {
  const device = await keys.findDevice(opened.owner).catch(() => undefined);
  if (!device) return [way("use-phone", online("/device"), say("Dùng điện thoại này để đăng nhập", "Use this phone to sign in"))];
  return [
    way("approve", "#/scan", say("Xác nhận đăng nhập", "Approve a sign-in")),
    way("this-phone", online("/device"), `${say("Điện thoại này đã đăng ký", "This phone is enrolled")}: `, el("strong", { id: "phone-name" }, device.name)),
  ];
}

export async function homeScreen(app) {
  const promised = app.rest?.waiting ?? [];
  const title = say("Giấy tờ của tôi", "My documents");
  return { name: "home", live: true, title, nodes: [
    el("h1", {}, title),
    notices(app),
    app.documents.length
      ? el("ul", { class: "cards", id: "documents" }, app.documents.map((each) => card(app, each)))
      : promised.length === 0 && el("div", { class: "card", id: "empty" }, el("p", {}, say("Giấy tờ bạn nhận sẽ nằm ở đây. Hãy chọn một giấy tờ; cơ quan cấp sẽ hỏi bạn có đồng ý không.", "The documents that you receive will lie here. Choose one; the issuer will ask whether you agree."))),
    promised.length > 0 && el("ul", { class: "cards spaced", id: "waiting" }, promised.map((each) => awaited(app, each))),
    app.rest && el("p", { class: "small quiet spaced", id: "as-of" }, say("Trạng thái biết lúc ", "States known as of "), el("span", { class: "number" }, moment(app.rest.asOf)), app.met === "offline" && say(" – đang không có mạng", " – no network now"), "."),
    el("div", { class: "actions" },
      el("a", { class: app.documents.length ? "button other" : "button", id: "get-document", href: online("/add") }, say("Thêm giấy tờ", "Add a document")),
      el("a", { class: "button other", id: "scan", href: "#/scan" }, say("Quét mã QR", "Scan a QR code"))),
    el("nav", { class: "spaced", "aria-label": say("Thêm nữa", "More") }, el("ul", { class: "plain" },
      way("history", "#/history", say("Lịch sử", "History")),
      await phoneWays(app),
      way("paste-offer", online("/receive"), say("Tôi có một đường dẫn nhận giấy tờ", "I have a link to a document")),
      way("backup", online("/backup"), say("Sao lưu và khôi phục", "Backup and restore")),
      way("settings", "#/settings", say("Cài đặt", "Settings"))),
    ),
  ] };
}
