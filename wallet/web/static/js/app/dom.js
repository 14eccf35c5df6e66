// Elements out of values: text is always text, never markup.

/** @param {string} name @param {Record<string, any>} [given] attributes; `on` names listeners; false, null and undefined are left out
 * @param {...(Node | string | null | undefined | false | any[])} children @returns {HTMLElement} */
export function el(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (key === "on") for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false && child !== ""));
  return element;
}

/** @param {string} name @param {Record<string, any>} given @param {...SVGElement} children */
export function svg(name, given, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(given)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}

/** What happened and what to do, above a form, leading to the field. @param {string} happened @param {string} todo @param {string} [field] its id */
export function summary(happened, todo, field) {
  const lead = field && el("a", { href: `#${field}`, on: { click: (event) => {
    event.preventDefault();
    document.getElementById(field).focus();
  } } }, todo);
  return el("div", { class: "error-summary", role: "alert", id: "error-summary", tabindex: -1 }, el("h2", {}, happened), el("p", {}, lead || todo));
}

const part = (options) => new Intl.DateTimeFormat("vi-VN", { timeZone: "Asia/Ho_Chi_Minh", ...options });
const DAY = part({ day: "2-digit", month: "2-digit", year: "numeric" });
const MOMENT = part({ day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const parts = (format, at) => Object.fromEntries(format.formatToParts(new Date(at * 1000)).map(({ type, value }) => [type, value]));

/** @param {number} at seconds @returns {string} dd/mm/yyyy in Vietnam */
export function day(at) {
  const { day: d, month, year } = parts(DAY, at);
  return `${d}/${month}/${year}`;
}

/** @param {number} at seconds @returns {string} dd/mm/yyyy hh:mm in Vietnam */
export function moment(at) {
  const { day: d, month, year, hour, minute } = parts(MOMENT, at);
  return `${d}/${month}/${year} ${hour}:${minute}`;
}
