// Plays the offline wallet's rules under Node: reads questions on stdin, answers on stdout what its modules make of them.

import * as passcode from "../../../wallet/web/static/js/app/passcode.js";
import * as sealing from "../../../wallet/web/static/js/app/sealing.js";
import * as standing from "../../../wallet/web/static/js/app/standing.js";
import { drawn } from "../../../wallet/web/static/js/qr.js";

const refused = (work) => work.then(() => false, () => true);

/** One vault's key through all its ways: who opens it, and what does not. */
async function sealed() {
  const [salt, device, other, data] = [sealing.newSalt(), await sealing.newDeviceKey(), await sealing.newDeviceKey(), await sealing.newDataKey()];
  const by = await sealing.fromPasscode("482913", salt, device);
  const wrapped = await sealing.wrap(data, by, "vault");
  const key = await sealing.unwrap(wrapped, by, "vault");
  const value = await sealing.seal(key, "vault/document/a", { name: "Nguyễn" });
  const changed = { iv: value.iv, bytes: value.bytes.slice(0) };
  new Uint8Array(changed.bytes)[3] ^= 1;
  return {
    opened: await sealing.open(key, "vault/document/a", value),
    extractable: key.extractable,
    device_key_leaves: !(await refused(crypto.subtle.exportKey("raw", device))),
    wrong_passcode: await sealing.unwrap(wrapped, await sealing.fromPasscode("482914", salt, device), "vault"),
    copied_without_the_device: await sealing.unwrap(wrapped, await sealing.fromPasscode("482913", salt, other), "vault"),
    other_vault: await sealing.unwrap(wrapped, by, "another"),
    by_passkey: await sealing.unwrap(await sealing.wrap(data, await sealing.fromPasskey(new Uint8Array(32)), "vault"), await sealing.fromPasskey(new Uint8Array(32).fill(1)), "vault"),
    in_anothers_place: await refused(sealing.open(key, "vault/document/b", value)),
    changed: await refused(sealing.open(key, "vault/document/a", changed)),
  };
}

const asked = JSON.parse(await new Response(process.stdin).text());
process.stdout.write(JSON.stringify({
  faults: asked.passcodes.map(passcode.fault),
  waits: Array.from({ length: 11 }, (_, tried) => passcode.wait(tried)),
  waiting: asked.waiting.map(({ tried, last, now }) => passcode.waiting({ tried, last }, now)),
  standings: asked.standings.map(({ document, now }) => standing.standing(document, now)),
  supplies: asked.supplies.map(({ used, now, ...document }) => (
    { ...standing.supply(document, new Set(used)), refill: standing.needsRefill(document, new Set(used), now) }
  )),
  clocks: asked.clocks.map(({ now, known }) => standing.clockFault(now, known)),
  codes: asked.texts.map(drawn),
  sealed: await sealed(),
}));
