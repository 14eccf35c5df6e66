// Whether the counter's own server answers. Told on the page as soon as it does not; what was read waits in this page until it does.
// No verdict is made here. What waits is in the memory of this page alone, and gone with it.

const EVERY = 20_000; // ms between two looks while all is well
export const SOON = 2_000; // and while it is away
export const PATIENCE = 5_000;
const GATEWAY = [502, 503, 504]; // a proxy answers in its place

const [notice, kept, actions, forget, line, note] = ["counter-away", "kept", "kept-actions", "forget", "trust-line", "trust-note"].map((id) => document.getElementById(id));
export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
let waiting = false;

/** The server did not answer. */
export class Away extends Error {}

/** As `fetch` does. Rejects with Away where nothing of the counter answered. @returns {Promise<Response>} */
export async function ask(address, options = {}) {
  const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "error", ...options }).catch(() => null);
  if (!answer || GATEWAY.includes(answer.status)) throw new Away();
  return answer;
}

/** Looks once, and says on the page what came of it: also how old the trust data is by now. @returns {Promise<boolean>} */
export async function answers() {
  try {
    const answer = await ask("/standing", { cache: "no-store", signal: AbortSignal.timeout?.(PATIENCE) });
    notice.hidden = true;
    if (answer.ok) tell(await answer.json());
    return true;
  } catch {
    notice.hidden = false;
    return false;
  }
}

function tell(now) {
  line.textContent = now.line;
  note.textContent = now.note;
  note.hidden = !now.note;
}

/** Until the server is back. False where the clerk lets go of what is waiting. @returns {Promise<boolean>} */
export async function back() {
  let dropped = false;
  waiting = true;
  forget.onclick = () => { dropped = true; };
  notice.hidden = kept.hidden = actions.hidden = false;
  forget.focus();
  while (!dropped && !(await answers())) await pause(SOON);
  kept.hidden = actions.hidden = true;
  waiting = false;
  return !dropped;
}

export async function watch() {
  for (;;) {
    await pause(notice.hidden ? EVERY : SOON);
    if (!waiting && !document.hidden) await answers();
  }
}
