// The page of this phone: whether it is enrolled, since when, and forgetting it.
// Spec: Web Cryptography API (the key cannot leave; deleting it here is the end of it).

import { call } from "./call.js";
import * as keys from "./keys.js";
import { only, tell } from "./telling.js";

const PARTS = ["asking", "not-enrolled", "enrolled", "forgotten", "no-keys"];
const place = document.getElementById("this-phone");
const { owner } = place.dataset;
const day = new Intl.DateTimeFormat("vi-VN", { day: "2-digit", month: "2-digit", year: "numeric", timeZone: "Asia/Ho_Chi_Minh" });

async function look() {
  const device = await keys.findDevice(owner);
  if (!device) return only("not-enrolled", PARTS);
  document.getElementById("device-name").textContent = device.name;
  document.getElementById("device-since").textContent = day.format(new Date(device.since * 1000));
  return only("enrolled", PARTS);
}

document.getElementById("forget").addEventListener("click", async () => {
  await keys.forgetDevice(owner);
  only("forgotten", PARTS);
  document.getElementById("forgotten").focus();
  try {
    await call("/device/forgotten", {});
  } catch (error) {
    if (error.message) tell(error.message, error.reference); // the key is gone all the same
  }
});

try {
  await look();
} catch {
  only("no-keys", PARTS);
}
