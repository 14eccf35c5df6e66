// Before the vault is open: what this is, the first passcode, and unlocking by passcode or passkey.

import { el, summary } from "./dom.js";
import { online, say } from "./language.js";
import * as passcode from "./passcode.js";
import * as passkey from "./passkey.js";
import { removal } from "./removal.js";
import * as vault from "./vault.js";

const GUIDES = {
  form: () => [say("Mật mã gồm đúng 6 chữ số.", "The passcode has exactly 6 digits."), say("Hãy nhập đủ 6 chữ số.", "Enter all 6 digits.")],
  weak: () => [say("Mật mã này quá dễ đoán.", "This passcode is too easy to guess."), say("Tránh dãy số liền nhau và số lặp lại.", "Avoid digits in a row and repeated digits.")],
  different: () => [say("Hai lần nhập không giống nhau.", "The two passcodes are not the same."), say("Hãy nhập lại mật mã ở ô thứ hai.", "Enter the passcode again in the second field.")],
};
const RULE = () => say(
  `Sau ${passcode.TRIES} lần sai liên tiếp, dữ liệu ví trên máy này bị xóa; từ lần sai thứ 4 phải chờ lâu dần. Giấy tờ của bạn ở cơ quan cấp không mất: bạn nhận lại được khi có mạng.`,
  `After ${passcode.TRIES} wrong ones in a row the wallet's data on this device is erased; from the 4th on each makes you wait longer. Your documents stay with their issuers: you can receive them again online.`,
);

/** How long, in words. @param {number} seconds */
export function lasting(seconds) {
  if (seconds < 90) return say(`${seconds} giây`, seconds === 1 ? "1 second" : `${seconds} seconds`);
  const minutes = Math.ceil(seconds / 60);
  return say(`${minutes} phút`, `${minutes} minutes`);
}

/** What a passcode that did not open says, and what to do. @param {{ wait?: number, left?: number, erased?: true }} done @returns {[string, string]} */
export function refusal({ wait = 0, left, erased }) {
  if (erased) return [say("Sai quá nhiều lần: dữ liệu ví trên máy này đã bị xóa.", "Too many wrong passcodes: the wallet's data on this device is erased."), say("Khi có mạng, hãy đăng nhập và nhận lại giấy tờ.", "Once online, sign in and receive your documents again.")];
  if (left === undefined) return [say("Chưa thử được.", "Not tried yet."), say(`Hãy đợi ${lasting(wait)} rồi nhập lại.`, `Wait ${lasting(wait)}, then enter it again.`)];
  const rest = say(`Còn ${left} lần thử, rồi dữ liệu trên máy này bị xóa.`, `${left === 1 ? "1 try" : `${left} tries`} left, then the data on this device is erased.`);
  return [say("Mật mã không đúng.", "The passcode is wrong."), wait ? `${rest} ${say(`Hãy đợi ${lasting(wait)} rồi nhập lại.`, `Wait ${lasting(wait)}, then enter it again.`)}` : `${rest} ${say("Hãy nhập lại.", "Enter it again.")}`];
}

/** @param {string} id @param {string} label @param {string} hint @param {string} complete */
export function field(id, label, hint, complete, more = {}) {
  return el("div", { class: "field" },
    el("label", { for: id }, label),
    hint && el("p", { class: "hint", id: `${id}-hint` }, hint),
    el("input", { class: "code-input", type: "password", id, name: id, inputmode: "numeric", autocomplete: complete, maxlength: passcode.DIGITS, required: true, "aria-describedby": hint ? `${id}-hint` : false, ...more }));
}

/** A form that says above itself what went wrong. @param {string} id @param {Node[]} parts @param {string} button @param {(form: HTMLFormElement) => Promise<[string, string, string?] | void>} work */
export function form(id, parts, button, work) {
  const problem = el("div", {});
  const send = el("button", { class: "button", type: "submit", id: `${id}-button` }, button);
  return el("form", { id, novalidate: true, on: { submit: async (event) => {
    event.preventDefault();
    send.disabled = true;
    const fields = [...event.target.querySelectorAll("input")];
    for (const input of fields) input.removeAttribute("aria-invalid");
    const wrong = await work(event.target);
    send.disabled = false;
    if (!wrong) return;
    for (const input of fields) input.value = "";
    document.getElementById(wrong[2])?.setAttribute("aria-invalid", "true");
    problem.replaceChildren(summary(...wrong));
    problem.firstChild.focus();
  } } }, problem, ...parts, el("div", { class: "actions" }, send));
}

/** @param {HTMLFormElement} given with `fresh` and `again` @returns {[string, string, string] | null} */
export function freshFault({ elements: { fresh, again } }) {
  const fault = passcode.fault(fresh.value) || (fresh.value !== again.value ? "different" : "");
  return fault && [...GUIDES[fault](), fault === "different" ? "again" : "fresh"];
}

export const freshFields = (more) => [
  field("fresh", say("Mật mã mới, 6 chữ số", "New passcode, 6 digits"), RULE(), "new-password", more),
  field("again", say("Nhập lại mật mã", "Enter it again"), "", "new-password"),
];

export function newcomerScreen(app, outcome) {
  const title = say("Giấy tờ của bạn, trong tay bạn", "Your documents, in your hands");
  return { name: "newcomer", title, nodes: [
    el("h1", {}, title),
    outcome === "offline"
      ? el("p", { class: "notice", id: "needs-network" }, say("Máy này chưa có giấy tờ nào. Lần đầu cần có mạng để đăng nhập; sau đó ví mở được cả khi không có mạng.", "There are no documents on this device yet. The first time needs a network to sign in; from then on the wallet opens without one."))
      : [el("p", {}, say("Đăng nhập để mang giấy tờ của bạn về máy này. Sau đó bạn xuất trình được cả khi không có mạng.", "Sign in to bring your documents to this device. From then on you can show them without a network.")),
        el("div", { class: "actions" }, el("a", { class: "button", id: "sign-in", href: online("/sign-in?next=/app") }, say("Đăng nhập", "Sign in")))],
  ] };
}

export function newVaultScreen(app, owner) {
  const title = say("Đặt mật mã cho ví trên máy này", "Set a passcode for the wallet on this device");
  return { name: "new-vault", title, nodes: [
    el("h1", {}, title),
    el("p", {}, say("Giấy tờ nằm trên máy này dưới dạng mã hóa; chỉ mật mã của bạn mở được, kể cả khi không có mạng.", "Your documents lie on this device encrypted; only your passcode opens them, also without a network.")),
    form("new-vault", freshFields({ autofocus: true }), say("Đặt mật mã", "Set the passcode"), async (given) => {
      const fault = freshFault(given);
      if (fault) return fault;
      try {
        const opened = await vault.create(owner, given.elements.fresh.value);
        navigator.storage.persist?.().catch(() => {}); // so that a browser short of space clears other sites first
        await app.enter(opened);
      } catch (error) {
        if (error.name === "QuotaExceededError") return full("keep");
        await app.render(); // another tab has set one
      }
    }),
  ] };
}

/** @param {"try" | "keep"} what could not be done @returns {[string, string]} */
export const full = (what) => [what === "try"
  ? say("Bộ nhớ của máy đã đầy: ví không ghi được số lần thử, nên chưa mở.", "This device's storage is full: the wallet cannot count your try, so it stays closed.")
  : say("Bộ nhớ của máy đã đầy: giấy tờ mới chưa được lưu vào máy này.", "This device's storage is full: what is new could not be kept on it."), say("Hãy xóa bớt ảnh hoặc ứng dụng, rồi mở lại ví. Những gì đã lưu trước đó vẫn còn.", "Remove some pictures or apps, then open the wallet again. What was kept before is still there.")];

export function lockedScreen(app, kept) {
  const title = say("Mở khóa ví", "Unlock the wallet");
  const wait = passcode.waiting(kept, app.now());
  const byPasskey = kept.passkey && el("button", { class: "button other", type: "button", id: "unlock-passkey", on: { click: async () => {
    const secret = await passkey.use(kept.passkey);
    const opened = secret && (await vault.unlockByPasskey(secret));
    if (opened) await app.enter(opened);
  } } }, say("Mở bằng khóa truy cập", "Unlock with a passkey"));
  const hint = kept.tried ? say(`Đã sai ${kept.tried} lần; còn ${passcode.left(kept.tried)} lần. ${RULE()}`, `${kept.tried} wrong so far; ${passcode.left(kept.tried)} left. ${RULE()}`) : RULE();
  return { name: "locked", title, nodes: [
    el("h1", {}, title),
    wait > 0 && el("p", { class: "notice", id: "wait" }, say(`Hãy đợi ${lasting(wait)} rồi thử lại.`, `Wait ${lasting(wait)}, then try again.`)),
    form("unlock", [field("passcode", say("Mật mã, 6 chữ số", "Passcode, 6 digits"), hint, "current-password", { autofocus: true })], say("Mở khóa", "Unlock"), async (given) => {
      const typed = given.elements.passcode.value;
      if (passcode.fault(typed) === "form") return [...GUIDES.form(), "passcode"];
      let done;
      try {
        done = await vault.unlock(typed, app.now());
      } catch (error) {
        if (error.name === "QuotaExceededError") return [...full("try"), "passcode"];
        return app.render(); // another tab removed everything
      }
      if ("opened" in done) return app.enter(done.opened);
      if (done.erased) {
        await app.render();
        document.getElementById("main").prepend(summary(...refusal(done)));
        return undefined;
      }
      return [...refusal(done), "passcode"];
    }),
    byPasskey && el("p", {}, byPasskey),
    removal(app, kept.owner, say("Quên mật mã, hoặc đây không phải ví của bạn?", "Forgot the passcode, or not your wallet?")),
  ] };
}
