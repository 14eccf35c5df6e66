// Vietnamese first, English beside: the language of this phone's wallet, chosen once and kept here.

const KEY = "language";
const LANGUAGES = ["vi", "en"];

/** @returns {"vi" | "en"} */
export function language() {
  const wished = [localStorage.getItem(KEY), ...navigator.languages.map((each) => each.slice(0, 2))];
  return wished.find((each) => LANGUAGES.includes(each)) ?? "vi";
}

/** @param {"vi" | "en"} chosen */
export const choose = (chosen) => localStorage.setItem(KEY, chosen);

/** Unless the person chose one here. @param {"vi" | "en"} given */
export const adopt = (given) => localStorage.getItem(KEY) ?? choose(given);

/** @param {string} vi @param {string} en */
export const say = (vi, en) => (language() === "en" ? en : vi);

/** @param {{ vi: string, en: string }} text */
export const tell = (text) => text[language()];

/** A page of the server, in the same language. @param {string} path */
export const online = (path) => `${path}${path.includes("?") ? "&" : "?"}lang=${language()}`;
