// The scan page: goes on by itself as soon as a code is read. Without camera or script, picture and link work alone.
// Spec: Media Capture and Streams §10.2 (the names of what can go wrong). The call is described in wallet/web/scan.py.

import { Refused, upload } from "./call.js";
import * as camera from "./camera.js";
import { quiet, tell } from "./telling.js";

const PAUSE = 300; // ms between two frames at least; a slow reader waits as long as it took
const PARTS = ["idle", "starting", "live", "refused", "missing"];
const video = document.getElementById("preview");
const start = document.getElementById("camera-start");
let turn = 0; // each start and each stop is a turn of its own: what an earlier one still has under way counts no more

/** @param {string} part the one sentence to show */
function say(part) {
  for (const each of PARTS) document.getElementById(`camera-${each}`).hidden = each !== part;
  document.getElementById("camera-frame").hidden = part !== "live";
  document.getElementById("camera-stop").hidden = part !== "live";
  start.hidden = part === "live" || part === "starting";
}

function stop(part) {
  turn += 1;
  camera.close(video);
  say(part);
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Frame by frame, one at a time, until a code is read. @param {number} mine */
async function watch(mine) {
  const read = await camera.reader();
  while (mine === turn) {
    const began = performance.now();
    const seen = document.hidden ? null : await read(video);
    const found = seen && mine === turn ? (await (await upload("/scan/frame", seen)).json()).location : null;
    if (found && mine === turn) {
      camera.close(video);
      location.assign(found);
      return;
    }
    await pause(Math.max(PAUSE, performance.now() - began));
  }
}

async function run() {
  const mine = (turn += 1);
  quiet();
  say("starting");
  try {
    await camera.open(video);
    say("live");
    await watch(mine);
  } catch (error) {
    if (mine !== turn) return;
    if (error instanceof Refused && error.location) location.assign(error.location);
    else if (error instanceof DOMException) {
      stop(error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing");
      start.focus();
    } else {
      stop("idle");
      tell(error.message || start.dataset.lost, error.reference);
    }
  }
}

if (camera.possible()) {
  document.getElementById("camera").hidden = false;
  document.getElementById("read").classList.add("other"); // the camera is the first way now
  say("idle");
  start.addEventListener("click", run);
  document.getElementById("camera-stop").addEventListener("click", () => {
    stop("idle");
    start.focus();
  });
  addEventListener("pagehide", () => stop("idle"));
}
