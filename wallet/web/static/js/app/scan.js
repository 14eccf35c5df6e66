// Scan: by the camera, from a picture, or pasted. A verifier's challenge is checked here, with no network; other codes lead to the server.
// Spec: Media Capture and Streams §10.2 (the names of what can go wrong); certs/challenge.md.

import * as camera from "../camera.js";
import { NoPicture, reader } from "../codes.js";
import { Refusal } from "../refusal.js";
import { verify } from "./challenge.js";
import { el, summary } from "./dom.js";
import { note } from "./history.js";
import { online, say } from "./language.js";
import { recognise } from "./recognise.js";
import { refusal } from "./refusals.js";
import * as syncing from "./sync.js";

const PAUSE = 150; // ms between two frames at least; a slow reader waits as long as it took
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const SENTENCES = {
  idle: () => say("Ví tự đi tiếp khi đọc được mã. Hình ảnh không rời khỏi máy này.", "The wallet goes on by itself when it has read a code. No picture leaves this device."),
  starting: () => say("Đang mở camera. Nếu trình duyệt hỏi, hãy chọn “Cho phép”.", "Opening the camera. If your browser asks, choose “Allow”."),
  live: () => say("Đưa mã vào giữa khung.", "Hold the code in the middle of the frame."),
  refused: () => say("Trình duyệt chưa cho dùng camera. Cho phép camera ở thanh địa chỉ rồi bấm lại, hoặc chọn ảnh bên dưới.", "The browser does not allow the camera. Allow it in the address bar and press again, or choose a picture below."),
  missing: () => say("Không mở được camera nào. Đóng ứng dụng khác đang dùng nó rồi thử lại, hoặc chọn ảnh bên dưới.", "No camera could be opened. Close what else is using it and try again, or choose a picture below."),
};

/** What was read, to where it leads. @param {any} app @param {string[]} texts @returns {Promise<string | null>} the code of a refusal */
async function lead(app, texts) {
  const { kind, text } = recognise(texts);
  if (kind === "challenge") {
    if (!app.rest?.asking) return "no-list";
    app.question = await verify(text, app.rest.asking, app.now()).catch(async (error) => {
      if (error instanceof Refusal && error.asked) await note(app, { declined: error.code, asked: error.asked, ...(error.to && { to: error.to }) });
      throw error;
    });
    app.go("#/asked");
    return null;
  }
  if (kind !== "link") return kind;
  const answer = await syncing.understood(text);
  if (answer.location) location.assign(answer.location);
  else if (answer.outcome === "signed-out") location.assign(online("/sign-in?next=/scan"));
  else if (answer.outcome === "refused") throw new Refusal("server", answer.message);
  else return answer.outcome;
  return null;
}

/** @param {any} error @returns {[string, string]} */
function said(error) {
  if (error instanceof Refusal) return error.code === "server" ? [say("Mã này không dùng được", "This code cannot be used"), error.message.replace("server: ", "")] : refusal(error.code);
  return refusal(error instanceof NoPicture ? "picture" : "reader");
}

export async function scanScreen(app) {
  const title = say("Quét mã QR", "Scan a QR code");
  let [turn, reading] = [0, null]; // each start and each stop is a turn of its own; the reader, loaded when it is first needed
  const readingNow = () => (reading ??= reader());
  const trouble = el("div", { id: "trouble" });
  const video = el("video", { id: "preview", playsinline: true, "aria-label": say("Hình trực tiếp từ camera", "Live picture of the camera") });
  video.muted = true;
  const frame = el("div", { class: "viewfinder", id: "camera-frame", hidden: true }, video);
  const sentence = el("p", { id: "camera-sentence", role: "status" }, SENTENCES.idle());
  const start = el("button", { type: "button", class: "button", id: "camera-start", autofocus: true, on: { click: () => run() } }, say("Mở camera", "Start the camera"));
  const stopping = el("button", { type: "button", class: "button other", id: "camera-stop", hidden: true, on: { click: () => {
    stop("idle");
    start.focus();
  } } }, say("Tắt camera", "Stop the camera"));
  const picture = el("input", { type: "file", id: "picture", accept: "image/*", "aria-describedby": "picture-hint" });
  const text = el("textarea", { id: "text", class: "code", spellcheck: "false", autocomplete: "off", autocapitalize: "none", "aria-describedby": "text-hint" });

  /** @param {keyof SENTENCES} part */
  function show(part) {
    sentence.textContent = SENTENCES[part]();
    sentence.className = part === "refused" || part === "missing" ? "notice" : "";
    frame.hidden = stopping.hidden = part !== "live";
    start.hidden = part === "live" || part === "starting";
  }

  function stop(part) {
    turn += 1;
    camera.close(video);
    show(part);
  }

  /** @param {[string, string]} words @param {string} field the control that it is about */
  function complain([happened, todo], field) {
    trouble.replaceChildren(summary(happened, todo, field));
    trouble.firstChild.focus();
  }

  /** @param {() => Promise<string[]>} read @param {string} field @param {boolean} [quietly] while no code is seen */
  async function take(read, field, quietly = false) {
    try {
      const texts = await read();
      if (quietly && texts.length === 0) return false;
      const code = await lead(app, texts);
      if (code) complain(refusal(code), field);
    } catch (error) {
      complain(said(error), field);
    }
    return true;
  }

  async function run() {
    const mine = (turn += 1);
    trouble.replaceChildren();
    show("starting");
    try {
      await camera.open(video);
    } catch (error) {
      if (mine === turn) stop(error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing");
      start.focus();
      return;
    }
    if (mine !== turn) return;
    show("live");
    while (mine === turn) {
      const began = performance.now();
      const done = !document.hidden && await take(async () => {
        const texts = await (await readingNow()).seen(video);
        return mine === turn ? texts : [];
      }, "camera-start", true);
      if (done && mine === turn) stop("idle");
      await pause(Math.max(PAUSE, performance.now() - began));
    }
  }

  async function submit(event) {
    event.preventDefault();
    trouble.replaceChildren();
    const [file] = picture.files;
    const pasted = text.value.replace(/^[\r\n]+|[\r\n]+$/g, ""); // a line end that pasting adds is not part of a code; a blank may be
    if (file) await take(async () => (await readingNow()).inside(file), "picture");
    else if (pasted) await take(async () => [pasted], "text");
    else complain(refusal("empty"), "picture");
  }

  return {
    name: "scan", title,
    end: () => {
      stop("idle");
      reading?.then(({ end }) => end(), () => {});
    },
    nodes: [
      el("a", { class: "back", id: "back", href: "#/" }, `← ${say("Giấy tờ của tôi", "My documents")}`),
      trouble,
      el("h1", {}, title),
      el("p", {}, say("Mã của quầy hỏi giấy tờ (không cần mạng), mã của trang đăng nhập, hoặc mã đề nghị cấp giấy tờ.", "The code of a counter that asks for a document (needs no network), of a sign-in page, or of an offer of a document.")),
      camera.possible() && el("section", { class: "card", id: "camera", "aria-labelledby": "camera-title" },
        el("h2", { id: "camera-title" }, say("Bằng camera", "With the camera")), frame, sentence, el("div", { class: "actions" }, start, stopping)),
      el("section", { class: "card", "aria-labelledby": "upload-title" },
        el("h2", { id: "upload-title" }, say("Bằng ảnh hoặc nội dung", "From a picture or a text")),
        el("form", { id: "scan-form", class: "full", on: { submit } },
          el("div", { class: "field" }, el("label", { for: "picture" }, say("Ảnh có mã QR", "Picture of the QR code")),
            el("p", { class: "hint", id: "picture-hint" }, say("Ảnh được đọc ngay trên máy này, không gửi đi đâu.", "It is read on this device and sent nowhere.")), picture),
          el("details", { id: "paste" }, el("summary", {}, say("Dán nội dung thay cho ảnh", "Paste the text instead")),
            el("div", { class: "field" }, el("label", { for: "text" }, say("Nội dung mã hoặc đường dẫn", "Text of the code, or a link")),
              el("p", { class: "hint", id: "text-hint" }, say("Đừng dán đường dẫn mà người khác gửi cho bạn để đăng nhập.", "Paste no link that somebody sent you to sign in with.")), text)),
          el("div", { class: "actions" }, el("button", { class: camera.possible() ? "button other" : "button", id: "read" }, say("Tiếp tục", "Continue"))))),
    ],
  };
}
