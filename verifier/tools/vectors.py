"""The published vectors for whoever builds another verifier or wallet, and whether this installation agrees with them.

Spec: `certs/qr.md` §Vectors, `certs/challenge.md` §Vectors, `certs/device.py`. Each file stands alone: keys, trust, what is
accepted with its result, what is refused with its code.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from certs import bundle as bundles
from certs import challenge, trust, vectors
from certs.catalogue import Text
from certs.encoding import b64url_decode
from certs.errors import CertsError
from certs.trust import TrustStore
from certs.vectors import challenge as challenge_vectors
from certs.vectors import device as device_vectors
from certs.x509 import load
from verifier.policy.single import Policy
from verifier.result import Undetermined, Verdict
from verifier.verifier import Verifier


@dataclass(frozen=True, slots=True)
class Case:
    """One example: what is published of it, and what this installation says."""

    id: str
    published: object
    told: object

    @property
    def agrees(self) -> bool:
        return self.published == self.told


@dataclass(frozen=True, slots=True)
class Vectors:
    """One published file. `run` is None where another role than the verifier answers."""

    about: Text
    make: Callable[[], dict[str, Any]]
    run: Callable[[Mapping[str, Any]], Iterator[Case]] | None = None


def of_qr(published: Mapping[str, Any]) -> Iterator[Case]:
    """Step and code, or the result, from nothing but the published file. Raises KeyError, ValueError or CertsError for none."""
    given = published["trust"]
    clock = max(case["now"] for case in (*published["accepted"], *published["refused"]))
    held = bundles.read(b64url_decode(given["bundle"]), now=clock, root_sha256=given["root_sha256"])
    for case in published["accepted"]:
        yield Case(case["id"], case["result"], _qr_answer(held, case, tuple(case["result"])))
    for case in published["refused"]:
        yield Case(case["id"], [case["outcome"], case["step"], case["code"]], _qr_answer(held, case, ()))


def _qr_answer(held: bundles.Bundle, case: Mapping[str, Any], names: tuple[str, ...]) -> object:
    wanted = case["expected"]
    policy = Policy(
        require_holder_proof=wanted["holder_proof"],
        accept_printed=wanted["printed"],
        audience=wanted["audience"],
        challenge=None if wanted["challenge"] is None else bytes.fromhex(wanted["challenge"]),
    )
    try:
        verified = Verifier(held, lambda: case["now"]).verify(case["text"], policy=policy)
    except Verdict as verdict:
        outcome = "undetermined" if isinstance(verdict, Undetermined) else "rejected"
        return [outcome, int(verdict.step), verdict.code]
    told = {name: getattr(verified, name) for name in names}
    if isinstance(told.get("challenge"), bytes):
        told["challenge"] = told["challenge"].hex()
    return told | ({"claims": dict(verified.claims)} if "claims" in told else {})


def of_challenge(published: Mapping[str, Any]) -> Iterator[Case]:
    """What a wallet says of a verifier's challenge: the result, or the code."""
    given = published["trust"]
    anchors = [load(b64url_decode(given["root"]))]
    for case in (*published["accepted"], *published["refused"]):
        listed = trust.read(given["trust_list"], anchors, now=case["now"])
        expected = case.get("result", case.get("code"))
        yield Case(case["id"], expected, _challenge_answer(TrustStore(anchors, listed), case))


def _challenge_answer(store: TrustStore, case: Mapping[str, Any]) -> object:
    try:
        return challenge.verify(case["text"], store, now=case["now"]).to_json()
    except CertsError as error:
        return error.code


ALL: Mapping[str, Vectors] = {
    "qr": Vectors(
        Text("Mã QR của giấy tờ: chấp nhận và từ chối", "QR texts of documents: accepted and refused"),
        vectors.document,
        of_qr,
    ),
    "challenge": Vectors(
        Text("Câu hỏi có chữ ký của bên kiểm tra", "The signed question of a verifier"),
        challenge_vectors.document,
        of_challenge,
    ),
    "device": Vectors(
        Text("Điều thiết bị ký với nhà cung cấp danh tính", "What a device signs for the identity provider"),
        device_vectors.document,
    ),
}
