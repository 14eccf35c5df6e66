// The error summary of a page: what happened and what to do, at the top, where the eye and the screen reader go first.

const ERROR = "error-text";

/** @param {string} text @param {string} [reference] @param {string} [field] the id of the field that it is about */
export function tell(text, reference = "", field = "") {
  const line = document.getElementById(ERROR);
  if (field) {
    const link = document.createElement("a");
    link.href = `#${field}`;
    link.textContent = text;
    line.replaceChildren(link);
    const control = document.getElementById(field);
    control?.setAttribute("aria-invalid", "true");
    control?.setAttribute("aria-describedby", `${ERROR} ${control.getAttribute("aria-describedby") ?? ""}`.trim());
  } else {
    line.textContent = text;
  }
  document.getElementById("error-number").hidden = !reference;
  document.getElementById("error-reference").textContent = reference;
  const summary = document.getElementById("error-summary");
  summary.hidden = false;
  summary.focus();
}

export function quiet() {
  document.getElementById("error-summary").hidden = true;
  for (const control of document.querySelectorAll("[aria-invalid]")) {
    control.removeAttribute("aria-invalid");
    control.setAttribute("aria-describedby", (control.getAttribute("aria-describedby") ?? "").replace(ERROR, "").trim());
  }
}

/** One part of the page, the others away. @param {string} part @param {string[]} parts */
export function only(part, parts) {
  for (const each of parts) document.getElementById(each).hidden = each !== part;
}
