// The page that waits for a phone renews its QR and goes on by itself. Without this script its button does both.
const place = document.getElementById("approval");
const status = document.getElementById("approval-status");
const goOn = document.getElementById("go-on");
let seconds = Number(place.dataset.interval);
let { turn } = place.dataset;

function draw(svg) {
  const drawn = new DOMParser().parseFromString(svg, "image/svg+xml").documentElement;
  document.getElementById("approval-qr").replaceChildren(document.importNode(drawn, true));
}

async function look() {
  const address = new URL(place.dataset.stateUrl, location.href);
  address.searchParams.set("turn", turn);
  const answer = await fetch(address, { cache: "no-store", headers: { Accept: "application/json" } });
  if (answer.status === 404) return location.reload();
  const told = await answer.json();
  if (told.error === "slow_down") {
    seconds = told.interval;
    return later();
  }
  if (!answer.ok) return later();
  if (told.state === "approved") return goOn.requestSubmit();
  if (told.state !== "waiting" && told.state !== "seen") return location.reload();
  if (told.qr) {
    draw(told.qr);
    turn = String(told.turn);
  }
  if (told.state === "seen" && !status.textContent) status.textContent = status.dataset.seen;
  return later();
}

function later() {
  setTimeout(() => look().catch(later), seconds * 1000);
}

later();
