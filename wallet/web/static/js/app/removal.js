// Removing everything from this device: by its person in the settings, and from outside by who forgot the passcode or uses it next.

import * as keys from "../keys.js";
import { el, summary } from "./dom.js";
import { say } from "./language.js";
import * as vault from "./vault.js";

/** @param {any} app @param {string} owner @param {string} title what leads to it */
export function removal(app, owner, title) {
  const sure = el("input", { type: "checkbox", id: "sure", name: "sure" });
  return el("details", { class: "card", id: "remove-card" }, el("summary", {}, title),
    el("p", {}, say("Giấy tờ, khóa và lịch sử chưa gửi của ví trên máy này bị xóa, cả khóa dùng để xác nhận đăng nhập. Giấy tờ của bạn ở cơ quan cấp không mất; các thiết bị khác không đổi.", "The wallet's documents, keys and unsent history on this device are erased, and the key that approves sign-ins. Your documents stay with their issuers; other devices do not change.")),
    el("form", { id: "remove-form", on: { submit: async (event) => {
      event.preventDefault();
      if (!sure.checked) {
        event.target.querySelector("#error-summary")?.remove();
        event.target.prepend(summary(say("Chưa xóa gì.", "Nothing was removed."), say("Hãy đánh dấu vào ô xác nhận.", "Tick the box to confirm."), "sure"));
        return;
      }
      await keys.forgetDevice(owner);
      await vault.erase();
      history.replaceState(null, "", "#/");
      await app.lock();
    } } }, el("label", { class: "choice", for: "sure" }, sure, ` ${say("Tôi hiểu, hãy xóa", "I understand, remove it")}`),
    el("div", { class: "actions" }, el("button", { class: "button other", type: "submit", id: "remove-all" }, say("Xóa khỏi máy này", "Remove from this device")))));
}
