// Asks every other second how far the customer's wallet is, and goes on to the verdict when the answer is there.

const question = document.getElementById("question");
const PAUSE = 2000;

function show(phase) {
  const fetched = phase === "fetched";
  document.getElementById("fetched").hidden = !fetched;
  for (const id of ["waiting", "code"]) document.getElementById(id).hidden = fetched;
}

async function look() {
  let phase = null;
  try {
    const answer = await fetch(question.dataset.phase, { headers: { Accept: "application/json" } });
    phase = answer.ok ? (await answer.json()).phase : "gone";
  } catch {
    // The network may be back in a moment.
  }
  if (phase === "answered") return location.replace(question.dataset.verdict);
  if (phase === "gone") return location.replace(location.pathname);
  if (phase) show(phase);
  setTimeout(look, PAUSE);
}

setTimeout(look, PAUSE);
