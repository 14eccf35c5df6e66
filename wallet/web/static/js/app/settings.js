// Settings: language, another passcode, a passkey, signing out, and removing everything from this device.

import { el, summary } from "./dom.js";
import { choose, language, online, say } from "./language.js";
import { field, form, freshFault, freshFields, refusal } from "./locked.js";
import * as passkey from "./passkey.js";
import { removal } from "./removal.js";
import * as syncing from "./sync.js";
import * as vault from "./vault.js";

const NAMES = { vi: "Tiếng Việt", en: "English" };

function languages(app) {
  return el("fieldset", { id: "languages" }, el("legend", {}, say("Ngôn ngữ", "Language")), ...Object.entries(NAMES).map(([code, name]) => (
    el("label", { class: "choice", lang: code }, el("input", { type: "radio", name: "language", value: code, checked: language() === code, on: { change: () => {
      choose(code);
      app.render({ focus: false });
    } } }), ` ${name}`)
  )));
}

/** What a try with the present passcode led to. @returns {Promise<[string, string, string?] | void>} */
async function told(app, done, well) {
  if (done.erased) return app.lock();
  if (!done.changed) return [...refusal(done), "present"];
  await app.render();
  document.getElementById("main").prepend(el("p", { class: "notice", id: "done", role: "status" }, well));
  return undefined;
}

const present = () => field("present", say("Mật mã hiện tại", "Present passcode"), "", "current-password");

function otherPasscode(app) {
  const parts = [present(), ...freshFields()];
  return el("details", { class: "card", id: "passcode-card" }, el("summary", {}, say("Đổi mật mã", "Change the passcode")),
    form("change", parts, say("Đổi mật mã", "Change the passcode"), async (given) => {
      const fault = freshFault(given);
      if (fault) return fault;
      const { present: old, fresh } = given.elements;
      return told(app, await vault.changePasscode(old.value, fresh.value, app.now()), say("Đã đổi mật mã.", "The passcode is changed."));
    }));
}

async function byPasskey(app) {
  const { passkey: has } = (await vault.look()) ?? {};
  if (has) return el("p", { class: "card", id: "passkey-set" }, say("Ví trên máy này cũng mở được bằng khóa truy cập.", "The wallet on this device also opens with a passkey."));
  if (!(await passkey.possible())) return null;
  const presentField = field("passkey-present", say("Mật mã hiện tại", "Present passcode"), say("Máy sẽ hỏi vân tay, khuôn mặt hoặc mã mở máy của bạn.", "Your device will ask for your finger, face or its own code."), "current-password");
  return el("details", { class: "card", id: "passkey-card" }, el("summary", {}, say("Mở ví bằng khóa truy cập", "Unlock with a passkey")),
    form("passkey", [presentField], say("Thêm khóa truy cập", "Add a passkey"), async (given) => {
      const made = await passkey.make(say("Ví giấy tờ trên máy này", "Wallet on this device"));
      if (!made) return [say("Máy này chưa tạo được khóa truy cập cho ví.", "This device did not make a passkey for the wallet."), say("Bạn vẫn mở ví bằng mật mã.", "You can still unlock with the passcode.")];
      const done = await vault.addPasskey(given.elements["passkey-present"].value, made, app.now());
      const wrong = await told(app, done, say("Từ nay ví cũng mở được bằng khóa truy cập.", "From now on the wallet also opens with a passkey."));
      return wrong && [wrong[0], wrong[1], "passkey-present"];
    }));
}

/** At the wallet's server; the vault stays, and locked. */
function signOut() {
  const problem = el("div", {});
  const csrf = el("input", { type: "hidden", name: "csrf" });
  return el("form", { id: "sign-out-form", method: "post", action: "/sign-out", on: { submit: async (event) => {
    event.preventDefault();
    const answer = await syncing.ask();
    if (answer.outcome === "here") {
      csrf.value = answer.told.csrf;
      event.target.submit();
      return;
    }
    problem.replaceChildren(answer.outcome === "offline"
      ? summary(say("Chưa đăng xuất.", "Not signed out."), say("Việc này cần có mạng. Hãy nối mạng rồi thử lại.", "This needs a network. Connect and try again."))
      : summary(say("Bạn chưa đăng nhập.", "You are not signed in."), say("Không cần làm gì thêm.", "There is nothing to do.")));
    problem.firstChild.focus();
  } } }, problem, csrf, el("div", { class: "actions" }, el("button", { class: "button other", type: "submit", id: "sign-out" }, say("Đăng xuất", "Sign out"))));
}

export async function settingsScreen(app) {
  const title = say("Cài đặt", "Settings");
  return { name: "settings", title, nodes: [
    el("a", { class: "back", id: "back", href: "#/" }, `← ${say("Giấy tờ của tôi", "My documents")}`),
    el("h1", {}, title),
    languages(app),
    el("p", {}, el("a", { class: "choice", id: "online-pages", href: online("/documents") }, say("Quản lý giấy tờ trên trang có mạng", "Manage documents on the online pages"))),
    otherPasscode(app), await byPasskey(app), signOut(), removal(app, app.opened.owner, say("Xóa dữ liệu trên máy này", "Remove this device's data")),
  ] };
}
