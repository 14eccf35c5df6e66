// The first page: says by which name this browser signs its person in elsewhere, where it does.

import * as keys from "./keys.js";

const place = document.getElementById("phone");
const device = await keys.findDevice(place.dataset.owner).catch(() => undefined);
if (device) {
  document.getElementById("phone-name").textContent = device.name;
  document.getElementById("phone-enrolled").hidden = false;
  document.getElementById("phone-not-enrolled").hidden = true;
}
