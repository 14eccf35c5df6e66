// How a document stands as far as this phone can tell: what the issuer said when it was last asked, and what the clock says now.
// Spec: the rules of wallet/state.py. No clock in here.

const DAY = 86_400;
const EXPIRING_DAYS = 14;
const SHORT_LIVED_SHARE = 4;
const BEHIND = 120; // seconds: a clock that stands before what we know to be past is wrong
const SKEW = 30; // seconds that a verifier lets a clock go ahead (certs/qr.md)

/** @typedef {{ vi: string, en: string }} Text */

/** @param {{ state: { standing: string, look: string, word: Text }, issued: number, expires: number }} document @param {number} now seconds
 * @returns {{ standing: string, look: string, word: Text }} */
export function standing({ state, issued, expires }, now) {
  if (expires <= now) return { standing: "expired", look: "bad", word: { vi: "Đã hết hạn, hãy cập nhật", en: "Expired, refresh it" } };
  if (state.standing !== "valid") return state;
  const left = expires - now;
  if (left >= Math.min(EXPIRING_DAYS * DAY, Math.floor((expires - issued) / SHORT_LIVED_SHARE))) return state;
  const days = Math.ceil(left / DAY);
  return { standing: "expiring", look: "unsure", word: { vi: `Hết hạn sau ${days} ngày`, en: `Expires in ${days} day${days > 1 ? "s" : ""}` } };
}

/** Where there are several copies of something, each is shown once, so that two checkers cannot see that it was the same person.
 * @param {{ copies: { view: string, thumbprint: string }[], whole?: { copies: number, fresh: number }[] }} document @param {Set<string>} used
 * @returns {{ fresh: number, of: number }} of the view or format that has least left; `of` is 0 where nothing has several */
export function supply({ copies, whole = [] }, used) {
  const views = [...new Set(copies.map((copy) => copy.view))].map((view) => copies.filter((copy) => copy.view === view));
  const held = [
    ...views.map((mine) => ({ fresh: mine.filter(({ thumbprint }) => !used.has(thumbprint)).length, of: mine.length })),
    ...whole.map(({ copies: of, fresh }) => ({ fresh, of })), // shown online, where the server counts
  ];
  return held.filter(({ of }) => of > 1).reduce((least, each) => (least.of === 0 || each.fresh < least.fresh ? each : least), { fresh: 0, of: 0 });
}

/** The last unused copy of something: to be told, and time to fetch more. */
export function runningOut(document, used) {
  const { fresh, of } = supply(document, used);
  return of > 0 && fresh <= 1;
}

/** Time to fetch new copies: before they run out, and before they expire. */
export function needsRefill(document, used, now) {
  return runningOut(document, used) || ["expiring", "expired"].includes(standing(document, now).standing);
}

/** @param {number} now this phone's clock @param {{ heardAt: number, drift: number } | null} known when the server was last heard, and how far its clock was off
 * @returns {number} seconds by which this clock is known to be wrong: above 0 ahead, below 0 behind; 0 where nothing is known against it */
export function clockFault(now, known) {
  if (!known) return 0;
  if (now < known.heardAt - BEHIND) return now - known.heardAt;
  return Math.abs(known.drift) > SKEW ? known.drift : 0;
}
