// Drives a real Chromium by its DevTools protocol: just what the wallet's journey needs, with nothing but Node.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";

const FLAGS = [
  "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--hide-scrollbars", "--remote-debugging-port=0",
];
const PATIENCE = 20_000; // milliseconds for anything that a page must do

/** @param {string} program @param {string} profile a fresh folder */
export async function launch(program, profile) {
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, "about:blank"], { stdio: ["ignore", "ignore", "pipe"] });
  const address = await new Promise((resolve, reject) => {
    let said = "";
    child.stderr.on("data", (data) => {
      said += data;
      const found = said.match(/DevTools listening on (ws:\S+)/);
      if (found) resolve(found[1]);
    });
    child.on("exit", () => reject(new Error(said)));
  });
  const { host } = new URL(address);
  const pages = await (await fetch(`http://${host}/json/list`)).json();
  const page = await attach(pages.find(({ type }) => type === "page").webSocketDebuggerUrl);
  return { page, close: () => new Promise((resolve) => { child.on("exit", resolve); child.kill(); }) };
}

async function attach(address) {
  const socket = new WebSocket(address);
  await new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
  const waiting = new Map();
  const troubles = [];
  let last = 0;
  socket.addEventListener("message", ({ data }) => {
    const { id, result, error, method, params } = JSON.parse(data);
    if (id) {
      const { resolve, reject } = waiting.get(id);
      waiting.delete(id);
      if (error) reject(new Error(error.message));
      else resolve(result);
    }
    if (method === "Runtime.exceptionThrown") troubles.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    if (method === "Log.entryAdded" && params.entry.level === "error") troubles.push(`${params.entry.text} ${params.entry.url ?? ""}`);
  });
  const send = (method, params = {}) => new Promise((resolve, reject) => {
    last += 1;
    waiting.set(last, { resolve, reject });
    socket.send(JSON.stringify({ id: last, method, params }));
  });
  await Promise.all(["Page.enable", "Runtime.enable", "Log.enable", "Network.enable"].map((method) => send(method)));
  return new Page(send, troubles);
}

export class Page {
  constructor(send, troubles) {
    this.send = send;
    this.troubles = troubles; // script errors and refused loads: a journey must end with none
  }

  async run(expression) {
    const { result, exceptionDetails } = await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  /** Polls; pages come and go meanwhile. */
  async until(expression, what = expression) {
    const end = Date.now() + PATIENCE;
    while (Date.now() < end) {
      const value = await this.run(expression).catch(() => undefined);
      if (value) return value;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`waited in vain for ${what} at ${await this.run("location.href + '\\n' + document.body.innerText")}`);
  }

  async open(address) {
    await this.send("Page.navigate", { url: address });
    await this.until("document.readyState === 'complete' && location.href !== 'about:blank'");
  }

  async fill(selector, text) {
    await this.until(`!!document.querySelector(${JSON.stringify(selector)})`, selector);
    await this.run(`{ const field = document.querySelector(${JSON.stringify(selector)}); field.focus(); field.value = ""; }`);
    await this.send("Input.insertText", { text });
  }

  async press(selector) {
    const enabled = `(() => { const it = document.querySelector(${JSON.stringify(selector)}); return it && !it.disabled; })()`;
    await this.until(enabled, selector);
    await this.run(`document.querySelector(${JSON.stringify(selector)}).click()`);
  }

  /** @param {number} width */
  async look(file, width, { dark = false, height = 844 } = {}) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 600 });
    await this.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
    const { data } = await this.send("Page.captureScreenshot", { captureBeyondViewport: true, format: "png" });
    writeFileSync(file, Buffer.from(data, "base64"));
  }

  /** How far the page is wider than the window, in pixels. */
  async overflow(width) {
    await this.send("Emulation.setDeviceMetricsOverride", { width, height: 800, deviceScaleFactor: 1, mobile: true });
    return this.run("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  }
}
