"""Harnesses of certificates, lists and bundles: as in `harnesses.py`."""

from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from certs import bundle, cbor, cose, crl, delta, jose, status, trust, x509
from certs.errors import CertsError
from certs.x509 import Usage
from tests.fuzz.driver import Harness
from tests.fuzz.harnesses import DESK, WORLD, as_text, changed_json
from tests.fuzz.mutation import changed, changed_cbor, changed_parts
from tests.world import DAY, NOW, URI


def certificates() -> Harness:
    desks = {
        Usage.DOCUMENT_SIGNER: DESK,
        Usage.TRUST_LIST_SIGNER: WORLD.list_desk,
        Usage.STATUS_SIGNER: WORLD.status_desk,
    }
    seeds = tuple(desk.certificate.public_bytes(Encoding.DER) for desk in desks.values())

    def read(data: bytes) -> Any:
        certificate = x509.load(data)
        (
            x509.public_key(certificate),
            x509.key_id(certificate),
            x509.dns_names(certificate),
            x509.client_ids(certificate),
        )
        refusal: CertsError | None = None
        for usage in desks:
            try:
                x509.check_path(certificate, (), [WORLD.root.certificate], usage=usage, now=NOW)
                return usage, certificate.tbs_certificate_bytes
            except CertsError as error:
                refusal = error
        assert refusal is not None
        raise refusal

    return Harness("certificates", seeds, read)


def crl_() -> Harness:
    """The revocation list of certificates."""
    taken = [crl.Revocation(serial=serial, revoked=NOW - DAY) for serial in (1, 1 << 100)]
    seeds = tuple(WORLD.root.sign_crl(taken[:count], number=count + 1, now=NOW) for count in range(3))

    def read(data: bytes) -> Any:
        found = crl.read(data, [WORLD.root.certificate], now=NOW)
        return found.number, found.issued, found.next_update, dict(found.revocations)

    return Harness("crl", seeds, read)


def trust_list() -> Harness:
    def read(data: bytes) -> Any:
        return trust.read(as_text(data), [WORLD.root.certificate], now=NOW)

    seeds = (WORLD.trust_list().encode(), WORLD.trust_list(services=WORLD.services()[:2]).encode())
    return Harness("trust-list", seeds, read, (changed, changed_parts, changed_parts))


def signed_trust_list() -> Harness:
    """A list that the operator signed, whatever it says."""
    token = WORLD.trust_list(services=WORLD.services()[:2])
    header = jose.parse(token).header

    def read(payload: bytes) -> Any:
        members = {"kid": None, "x5c": header["x5c"]}
        made = jose.sign(payload, WORLD.list_desk.signer, typ=header["typ"], headers=members)
        found = trust.read(made, [WORLD.root.certificate], now=NOW)
        trust.TrustStore([WORLD.root.certificate], found)
        return found

    def current(_data: bytes, found: Any) -> None:
        assert found.issued <= NOW + DAY and isinstance(found.sequence, int)

    return Harness(
        "signed-trust-list", (jose.parse(token).payload,), read, (changed_json, changed_json, changed), judge=current
    )


def status_list() -> Harness:
    seeds = (WORLD.status_list(), WORLD.status_list(size=64, ttl=60))

    def read(data: bytes) -> Any:
        found = status.read_cwt(data, uri=URI, anchors=[WORLD.root.certificate], now=NOW)
        return found.bits, found.data, found.issued, found.expires, found.ttl

    return Harness("status-list", seeds, read, (changed, changed_cbor))


def signed_status_list() -> Harness:
    """A list that the status signer signed, whatever it says; and looked up."""
    token = cose.parse(WORLD.status_list(), cbor.BUNDLE)
    header = {key: value for key, value in token.header.items() if key != cose.ALG}

    def read(payload: bytes) -> Any:
        made = cose.sign(payload, WORLD.status_desk.signer, header=header)
        found = status.read_cwt(made, uri=URI, anchors=[WORLD.root.certificate], now=NOW)
        held = status.StatusLists([found])
        for index in (0, 7, 1 << 40):
            try:
                held.check(URI, index, now=NOW)
            except CertsError as error:
                assert index != 1 << 40 or error.code in ("status_index_out_of_range", "status_stale"), error.code
            else:
                assert index != 1 << 40, "a place beyond the list is valid"
        return found

    def ours(_data: bytes, found: Any) -> None:
        assert found.uri == URI

    return Harness("signed-status-list", (token.payload,), read, (changed_cbor, changed_cbor, changed), judge=ours)


def bundle_() -> Harness:
    def read(data: bytes) -> Any:
        found = bundle.read(data, now=NOW, root_sha256=WORLD.root_sha256)
        return found.sequence, found.issued, found.expires, found.trust.list, tuple(each.uri for each in found.statuses)

    seeds = (WORLD.bundle(), WORLD.bundle(sequence=2, status_lists={}))
    return Harness("bundle", seeds, read, (changed, changed_cbor))


def signed_bundle() -> Harness:
    """A bundle that its signer signed, whatever it says, under the pinned root."""
    seed = WORLD.bundle(trust_list=WORLD.trust_list(services=WORLD.services()[:1]))
    message = cose.parse(seed, cbor.BUNDLE)
    header = {key: value for key, value in message.header.items() if key != cose.ALG}

    def read(payload: bytes) -> Any:
        made = cose.sign(payload, WORLD.bundle_desk.signer, header=header)
        return bundle.read(made, now=NOW, root_sha256=WORLD.root_sha256)

    def rooted(_data: bytes, found: Any) -> None:
        assert found.trust.list.services[0].authority == WORLD.services()[0].authority

    return Harness("signed-bundle", (message.payload,), read, (changed_cbor, changed_cbor, changed), judge=rooted)


def _bundles() -> tuple[bundle.Bundle, list[bytes]]:
    """One that is held, and two that may take its place."""
    listed, lists = WORLD.trust_list(), {URI: WORLD.status_list()}
    raws = [WORLD.bundle(sequence=number, trust_list=listed, status_lists=lists) for number in (1, 2, 3)]
    return bundle.read(raws[0], now=NOW), raws[1:]


def delta_() -> Harness:
    """What leads from one bundle to the next."""
    held, later = _bundles()
    base, chain = delta.manifest(held.raw), [WORLD.bundle_desk.certificate]
    seeds = tuple(delta.build(base, raw, signer=WORLD.bundle_desk.signer, chain=chain) for raw in later)

    def read(data: bytes) -> Any:
        return delta.update(held, data, now=NOW).raw

    return Harness("delta", seeds, read, (changed, changed_cbor))


def signed_delta() -> Harness:
    """One that the bundle's signer signed, whatever it says: it leads to a bundle that was signed, or nowhere."""
    (held, later), signer, chain = _bundles(), WORLD.bundle_desk.signer, [WORLD.bundle_desk.certificate]
    made = [
        cose.parse(delta.build(delta.manifest(held.raw), raw, signer=signer, chain=chain), cbor.BUNDLE) for raw in later
    ]
    header = {key: value for key, value in made[0].header.items() if key != cose.ALG}

    def read(payload: bytes) -> Any:
        return delta.update(held, cose.sign(payload, signer, header=header), now=NOW).raw

    return Harness("signed-delta", tuple(each.payload for each in made), read, (changed_cbor, changed_cbor, changed))
