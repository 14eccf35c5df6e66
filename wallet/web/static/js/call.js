// Calls of a page to its own server: JSON with the session's token, and refusals as errors that a person can read.

/** A refusal of the server: what happened and what to do, in the page's language. */
export class Refused extends Error {
  /** @param {{ error?: string, message?: string, reference?: string, location?: string }} answer */
  constructor(answer) {
    super(answer.message ?? "");
    this.code = answer.error ?? "unreachable";
    this.reference = answer.reference ?? "";
    this.location = answer.location;
  }
}

/** @param {string} address @param {unknown} [body] posts it; without one, the call reads @returns {Promise<Response>} */
export function call(address, body) {
  if (body === undefined) return send(address, { method: "GET" }, {});
  return send(address, { method: "POST", body: JSON.stringify(body) }, { "Content-Type": "application/json", ...token() });
}

function token() {
  return { "X-CSRF-Token": document.querySelector('meta[name="csrf"]')?.content ?? "" };
}

async function send(address, options, more) {
  const headers = { Accept: "application/json", ...more };
  const response = await fetch(address, { ...options, headers, credentials: "same-origin", redirect: "error" });
  if (!response.ok) throw new Refused(await response.json().catch(() => ({})));
  return response;
}
