// How long the question may still be answered; when it is over, the page is loaded again and says so.

const left = document.getElementById("left");
const ends = Date.now() + Number(left.dataset.seconds) * 1000; // by the server's clock: this one may be wrong

function tick() {
  const seconds = Math.max(0, Math.ceil((ends - Date.now()) / 1000));
  left.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  if (seconds === 0) location.replace(location.pathname);
}

tick();
setInterval(tick, 500);
