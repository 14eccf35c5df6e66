// Somebody asks face to face: who, what for, what would leave and what of it is sensitive; then, if the person agrees, the answering code.
// Spec: certs/challenge.md §5 (what must be shown before an answer). The question lies in memory alone: it is gone with the page.

import { names } from "./challenge.js";
import { here } from "./details.js";
import { day, el } from "./dom.js";
import { note } from "./history.js";
import { clockNotice } from "./home.js";
import { online, say, tell } from "./language.js";
import { codeCard, heading, listed, portraitOf } from "./show.js";
import { standing } from "./standing.js";

/** Each view of each document of this phone that would answer. @param {any} app @param {import("./challenge.js").Asked} question */
async function fitting(app, question) {
  const found = [];
  for (const held of app.documents) {
    const wanted = question.wanted.find(({ kind }) => kind.name === held.type)?.views ?? [];
    const mine = wanted.length ? await here(held) : [];
    for (const view of held.views.filter(({ name }) => wanted.includes(name))) {
      const copies = mine.filter((each) => each.view === view.name);
      if (copies.length) found.push({ held, view, copies });
    }
  }
  return found;
}

/** @param {any} app @param {import("./challenge.js").Asked} question */
function asker(app, { reader }) {
  const { issued, ends } = app.rest.asking;
  return [
    el("div", { class: "card asks" },
      el("p", { class: "who" }, say("Ai hỏi", "Who asks"), el("br"), el("strong", { id: "reader" }, tell(reader.name))),
      el("p", {}, say("Để làm gì", "What for"), el("br"), el("strong", { class: "purpose", id: "purpose" }, tell(reader.purpose))),
      el("p", { class: "small quiet", id: "register" }, say("Tên và mục đích lấy từ danh sách tin cậy của Nhà nước (mô phỏng), ngày ", "Name and purpose are those of the State's trust list (simulation) of "), el("span", { class: "number" }, day(issued)), `. ${say("Mã tổ chức", "Organisation")}: `, el("span", { class: "code" }, reader.organisation))),
    ends <= app.now() && el("p", { class: "notice warning", id: "list-old" }, say("Danh sách tin cậy trên máy này đã quá hạn. Hãy mở ví khi có mạng để cập nhật.", "The trust list on this device is past its end. Open the wallet with a network to renew it.")),
  ];
}

/** How long it may still be answered; `over` when it may not. @param {number} expires @param {() => void} over */
function deadline(app, expires, over) {
  const left = el("span", { class: "number", id: "left" });
  const count = () => {
    const seconds = Math.max(0, expires - app.now());
    left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
    return seconds;
  };
  count();
  const timer = setInterval(() => count() === 0 && over(), 1000);
  return { node: el("p", { class: "small", id: "deadline" }, say("Câu hỏi hết hạn sau ", "The request ends in "), left), end: () => clearInterval(timer) };
}

const gone = (app) => {
  app.question = null;
  const title = say("Câu hỏi đã hết hạn hoặc đã xong", "The request is over");
  return { name: "asked-over", title, nodes: [
    el("h1", {}, title), el("p", {}, say("Ví không gửi gì thêm. Nếu quầy còn cần, hãy quét mã mới của họ.", "Nothing more leaves the wallet. If the counter still needs it, scan a new code of theirs.")),
    el("div", { class: "actions" }, el("a", { class: "button", id: "scan", href: "#/scan" }, say("Quét mã QR", "Scan a QR code")), el("a", { class: "button other", id: "home", href: "#/" }, say("Về ví", "To the wallet"))),
  ] };
};

/** @param {{ held: any, view: any }} option */
function told(app, { held, view }) {
  const state = standing(held, app.now());
  return el("div", { class: "told", "data-document": held.id, "data-view": view.name },
    el("h2", {}, say("Mã trả lời cho biết gì", "What the answering code tells")),
    state.look !== "good" && el("p", {}, el("span", { class: `state-word ${state.look}` }, tell(state.word))),
    listed("tells", view.tells, say("Sẽ cho biết", "Will be told")),
    listed("withholds", view.withholds, say("Giữ lại trong ví", "Kept back")));
}

/** A no is a line of the history too. */
async function decline(app, question) {
  app.question = null;
  await note(app, { declined: true, to: question.audience, asked: names(question) });
  app.go("#/");
}

function consent(app, question, options, clock) {
  let chosen = options[0];
  const [shown, warning] = [el("div", {}), el("p", { class: "notice warning", id: "sensitive", role: "status" })];
  const choose = (option) => {
    chosen = option;
    shown.replaceChildren(told(app, option));
    const sensitive = option.view.tells.some((field) => field.sensitive);
    warning.textContent = sensitive ? say("Có dữ liệu nhạy cảm. Chỉ cho xem nếu bạn thật sự cần.", "This includes sensitive data. Show it only if you really need to.") : "";
    warning.hidden = !sensitive;
  };
  choose(chosen);
  const label = ({ held, view }) => `${tell(held.title)} – ${tell(view.title)}${held.about ? ` (${held.about})` : ""}`;
  const radio = (option, place) => el("label", { class: "way" },
    el("input", { type: "radio", name: "option", value: place, checked: place === 0, on: { change: () => choose(option) } }), ` ${label(option)}`);
  return [
    el("h1", {}, say("Cho bên này xem?", "Show it to them?")), asker(app, question), clock.node, clockNotice(app), warning,
    el("fieldset", { id: "options" }, el("legend", {}, options.length > 1 ? say("Chọn giấy tờ để trả lời", "Choose the document that answers") : say("Họ xin", "They ask for")),
      options.length > 1 ? options.map(radio) : el("p", {}, el("strong", {}, label(chosen)))),
    el("div", { class: "card" }, shown),
    el("p", { class: "small quiet" }, say("Kèm theo luôn có: loại giấy tờ, cơ quan cấp, thời hạn và chữ ký. Mã trả lời chỉ dùng được cho bên này, cho lần hỏi này.", "What always goes along: the kind of document, who issued it, until when, and signatures. The answering code is good for them alone, and for this one request.")),
    el("div", { class: "actions" },
      el("button", { type: "button", class: "button", id: "agree", on: { click: () => {
        question.agreed = chosen;
        app.render();
      } } }, say("Đồng ý, hiện mã", "Agree and show the code")),
      el("button", { type: "button", class: "button", id: "decline", on: { click: () => decline(app, question) } }, say("Không đồng ý", "Do not agree"))),
  ];
}

function nothing(app, question, clock) {
  return [
    el("h1", {}, say("Bạn chưa có giấy tờ mà họ hỏi", "You do not have what they ask for")), asker(app, question), clock.node,
    el("div", { class: "notice warning", id: "missing" },
      el("p", {}, say("Trên máy này không có giấy tờ nào trả lời được:", "No document on this device answers:")),
      el("ul", {}, question.wanted.flatMap(({ kind, views }) => kind.views.filter(({ name }) => views.includes(name)).map((view) => el("li", {}, `${tell(kind.title)} – ${tell(view.title)}`)))),
      el("p", {}, say("Bên hỏi không được biết bạn có giấy tờ hay không.", "They do not learn whether you have it."))),
    el("div", { class: "actions" }, el("a", { class: "button", id: "get-document", href: online("/add") }, say("Thêm giấy tờ", "Add a document")), el("button", { type: "button", class: "button other", id: "decline", on: { click: () => decline(app, question) } }, say("Không gửi gì, về ví", "Send nothing, to the wallet"))),
  ];
}

async function answer(app, question, clock) {
  const { held, view, copies } = question.agreed;
  const card = await codeCard(app, held, view, copies, question);
  return { card, nodes: [
    el("a", { class: "back", id: "back", href: "#/" }, `← ${say("Giấy tờ của tôi", "My documents")}`),
    clockNotice(app),
    el("section", { class: `showing document-${held.type}`, id: "showing", "aria-labelledby": "showing-title", "data-document": held.id, "data-view": view.name },
      heading(held, view), portraitOf(held, view),
      el("p", { id: "for-whom" }, say("Chỉ dành cho ", "Only for "), el("strong", {}, tell(question.reader.name))),
      card.nodes, clock.node),
    el("p", {}, say("Đưa mã này cho quầy quét. Khi quầy báo đã nhận, bạn đóng trang này.", "Hold this code for the counter to scan. When the counter says that it has it, close this page.")),
    el("div", { class: "actions" }, el("a", { class: "button other", id: "done", href: "#/" }, say("Xong", "Done"))),
  ] };
}

export async function askedScreen(app) {
  const { question } = app;
  if (!question || question.expires <= app.now()) return gone(app);
  const clock = deadline(app, question.expires, () => {
    clock.end();
    app.question = null;
    app.render();
  });
  if (question.agreed) {
    const { card, nodes } = await answer(app, question, clock);
    const end = () => {
      clock.end();
      card.end();
      if (!location.hash.startsWith("#/asked")) app.question = null; // one answer to one question
    };
    return { name: "answer", title: say("Mã trả lời", "The answering code"), settle: card.settle, end, nodes };
  }
  const options = await fitting(app, question);
  const nodes = options.length ? consent(app, question, options, clock) : nothing(app, question, clock);
  return { name: "asked", title: say("Có người hỏi giấy tờ", "Somebody asks"), end: clock.end, nodes };
}
