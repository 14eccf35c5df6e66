// The check page: reads the code from the camera and goes to the verdict by itself. Without it, the upload works alone.
// Where the counter's server is away, what was read or entered waits in this page until it is back.
// Spec: Media Capture and Streams §10.2 (the names of what can go wrong).

import { answers, Away, back, pause, watch as watchServer } from "./away.js";
import * as camera from "./camera.js";
import "./kept.js";
import { Lost, reader, send } from "./reader.js";

const PAUSE = 40; // ms between two frames that this browser reads, at least: a slow one waits as long as it took
const SERVERS = 300; // and between two that the server reads, so below two a second
const KEPT = "camera"; // the clerk started the camera in this tab: for the next person it starts again

const form = document.getElementById("check-form");
const video = document.getElementById("preview");
const start = document.getElementById("camera-start");
const parts = ["idle", "starting", "live", "refused", "missing", "lost"];
let reading = null;
let turn = 0; // each start and each stop is a turn of its own: what an earlier one still has under way counts no more

/** @param {string} part the one sentence to show */
function tell(part) {
  for (const each of parts) document.getElementById(`camera-${each}`).hidden = each !== part;
  document.getElementById("camera-frame").hidden = part !== "live";
  document.getElementById("camera-stop").hidden = part !== "live";
  start.hidden = part === "live" || part === "starting";
}

function stop(part) {
  turn += 1;
  camera.close(video);
  tell(part);
}

/** The address of a verdict, or null. A frame that the server should have read is worth nothing later; a code that was read waits. */
async function judged(parts) {
  try {
    return parts.length ? await send(form, parts) : null;
  } catch (error) {
    if (!(error instanceof Away)) throw error;
    if (parts[0][0] === "picture") {
      await answers();
      return null;
    }
    stop("idle");
    start.disabled = true;
    const go = await back();
    start.disabled = false;
    const found = go ? await judged(parts) : null;
    if (found) location.assign(found);
    return null;
  }
}

/** Frame by frame, one at a time, until a code is read. @param {number} mine @param {Awaited<ReturnType<typeof reader>>} read */
async function watch(mine, read) {
  while (mine === turn) {
    const began = performance.now();
    const parts = document.hidden ? [] : await read(video); // nobody holds a code before a page that nobody sees
    const found = mine === turn ? await judged(parts) : null;
    if (found && mine === turn) {
      camera.close(video);
      location.assign(found);
      return;
    }
    await pause(Math.max(parts[0]?.[0] === "picture" ? SERVERS : PAUSE, performance.now() - began));
  }
}

async function run() {
  const mine = (turn += 1);
  tell("starting");
  try {
    reading ??= reader(); // loads while the camera opens, once
    await camera.open(video);
    tell("live");
    sessionStorage.setItem(KEPT, "on");
    await watch(mine, await reading);
  } catch (error) {
    if (mine !== turn) return;
    sessionStorage.removeItem(KEPT);
    if (error instanceof Lost) stop("lost");
    else stop(error.name === "NotAllowedError" || error.name === "SecurityError" ? "refused" : "missing");
    start.focus();
  }
}

let sending = false;
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (sending) return; // what is taken once would be used up by the first of two clicks
  sending = true;
  if ((await answers()) || (await back())) form.submit();
  else sending = false;
});
addEventListener("pageshow", () => { sending = false; });
watchServer();

if (camera.possible()) {
  document.getElementById("camera").hidden = false;
  document.getElementById("check").classList.add("other"); // the camera is the first way now
  tell("idle");
  start.addEventListener("click", run);
  document.getElementById("camera-stop").addEventListener("click", () => {
    sessionStorage.removeItem(KEPT);
    stop("idle");
    start.focus();
  });
  addEventListener("pagehide", () => stop("idle"));
  if (!document.getElementById("error-summary")) {
    if (sessionStorage.getItem(KEPT) && (await camera.allowed())) await run();
    else start.focus();
  }
}
