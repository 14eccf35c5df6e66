// A citizen in a real browser: signs in, receives a licence, shows it. Prints what a verifier would read, and what went wrong.

import { launch } from "./browser.mjs";

const { program, profile, idp, wallet, pid, password, pictures, looks } = JSON.parse(process.argv[2]);
const { page, close } = await launch(program, profile);
const seen = { overflow: {}, troubles: page.troubles };
const texts = "document.getElementById('qr')?.dataset.text";

async function look(name) {
  seen.overflow[name] = await page.overflow(360);
  if (!looks) return;
  await page.look(`${pictures}/wallet-${name}-390.png`, 390);
  await page.look(`${pictures}/wallet-${name}-390-dark.png`, 390, { dark: true });
  await page.look(`${pictures}/wallet-${name}-1200.png`, 1200, { height: 900 });
}

async function signIn() {
  await page.fill("input[name=identifier]", pid);
  await page.fill("input[type=password]", password);
  await page.press("main form[method=post] button");
  await page.until(`location.origin === ${JSON.stringify(wallet)} || location.pathname.startsWith('/consent/')`);
  if (await page.run("location.pathname.startsWith('/consent/')")) await page.press("button[value=share]");
  await page.until(`location.origin === ${JSON.stringify(wallet)} && document.readyState === 'complete'`);
}

async function receive() {
  await page.open(`${idp}/documents`);
  await page.press("form[action$='/documents/driving_licence/offer'] button");
  const code = await page.until("document.getElementById('transaction-code')?.dataset.code", "transaction code");
  await page.press("#open-wallet");
  await page.until(`location.origin === ${JSON.stringify(wallet)} && !!document.getElementById('receive-form')`, "offered page");
  await look("offered");
  await page.fill("#tx_code", "000000" === code ? "111111" : "000000");
  await page.press("#receive");
  seen.refusal = await page.until("!document.getElementById('error-summary').hidden && document.getElementById('error-text').textContent");
  await look("refused");
  await page.fill("#tx_code", code);
  await page.press("#receive");
  await page.until("location.pathname.startsWith('/documents/') && document.readyState === 'complete'", "the new document");
  await look("document");
}

async function show() {
  await page.press("#show");
  seen.first = await page.until(`!document.getElementById('qr').hidden && ${texts}`, "the QR");
  await look("show");
  seen.seconds = await page.run("Number(document.getElementById('seconds').textContent)");
  await page.send("Page.reload");
  await page.until(`(${texts} ?? ${JSON.stringify(seen.first)}) !== ${JSON.stringify(seen.first)}`, "another QR after a reload");
  await page.press("a[data-view=age_over_18]");
  await page.until("document.getElementById('showing')?.dataset.view === 'age_over_18'");
  seen.adult = await page.until(`!document.getElementById('qr').hidden && ${texts}`, "the QR of the other view");
  await look("show-adult");
  seen.picture = await page.run(`(async () => {
    const image = document.getElementById("qr"), canvas = document.createElement("canvas");
    canvas.width = canvas.height = 900;
    canvas.getContext("2d").drawImage(image, 0, 0, 900, 900);
    return canvas.toDataURL("image/png").split(",")[1];
  })()`);
}

try {
  await page.open(wallet);
  await look("newcomer");
  await page.press("#sign-in");
  await signIn();
  await page.until("!!document.getElementById('empty')", "the empty home");
  await look("empty");
  await receive();
  await show();
  seen.extractable = await page.run(`new Promise((resolve) => {
    const opening = indexedDB.open("vneid-wallet");
    opening.onsuccess = () => {
      const all = opening.result.transaction("keys").objectStore("keys").getAll();
      all.onsuccess = () => resolve(all.result.map((key) => key.privateKey.extractable));
    };
  })`);
  await page.open(wallet);
  await look("home");
  await page.open(`${wallet}/history`);
  await look("history");
  await page.open(`${wallet}/receive`);
  await look("paste");
  process.stdout.write(JSON.stringify(seen));
} finally {
  await close();
}
