// Passkeys: asks the browser for one, and sends what it gave in the form's hidden field `credential`.
// The form carries the options (`data-options`) and says what to do (`data-ceremony`: create or get). What may go wrong is
// written on the page already, in its language; here one of the sentences is chosen.
// Spec: W3C Web Authentication Level 3 §5.1.3, §5.1.4.

const form = document.getElementById("passkey-form");
const button = document.getElementById("use-passkey");
const troubles = document.getElementById("passkey-troubles");

/** @param {string} text */
function decode(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer | null} buffer */
function encode(buffer) {
  if (buffer === null) return null;
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The options with bytes where the page has text. */
function options() {
  const asked = JSON.parse(form.dataset.options);
  asked.challenge = decode(asked.challenge);
  if (asked.user) asked.user.id = decode(asked.user.id);
  for (const list of ["allowCredentials", "excludeCredentials"]) {
    for (const credential of asked[list] ?? []) credential.id = decode(credential.id);
  }
  return { publicKey: asked };
}

async function created() {
  const { rawId, response } = await navigator.credentials.create(options());
  return {
    id: encode(rawId),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      attestationObject: encode(response.attestationObject),
      transports: response.getTransports?.() ?? [],
    },
  };
}

async function gotten() {
  const { rawId, response } = await navigator.credentials.get(options());
  return {
    id: encode(rawId),
    response: {
      clientDataJSON: encode(response.clientDataJSON),
      authenticatorData: encode(response.authenticatorData),
      signature: encode(response.signature),
      userHandle: encode(response.userHandle),
    },
  };
}

/** @param {string} name of the error: NotAllowedError, InvalidStateError … */
function tell(name) {
  const sentences = [...troubles.querySelectorAll("[data-error]")];
  const chosen = sentences.find((each) => each.dataset.error === name) ?? sentences.at(-1);
  for (const each of sentences) each.hidden = each !== chosen;
  troubles.hidden = false;
  troubles.focus();
}

async function ask() {
  if (!form.reportValidity()) return; // before the device makes a key that could not be kept
  if (button) button.disabled = true;
  document.getElementById("passkey-problem")?.remove();
  troubles.hidden = true;
  try {
    const credential = form.dataset.ceremony === "create" ? await created() : await gotten();
    form.elements.namedItem("credential").value = JSON.stringify(credential);
    form.submit();
  } catch (error) {
    if (button) button.disabled = false;
    tell(error.name);
  }
}

/** @param {Event} event */
function asked(event) {
  event.preventDefault();
  ask();
}

if (window.PublicKeyCredential !== undefined) {
  form.addEventListener("submit", asked);
  if (button) button.disabled = false;
  // On the log-in page the form has no button: the link to the page of passkeys asks at once.
  else document.querySelector(`a[href="${form.getAttribute("action")}"]`)?.addEventListener("click", asked);
} else if (button) {
  tell("Unsupported");
}
