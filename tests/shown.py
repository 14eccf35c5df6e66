"""One document of a person in each form in which it can be shown, with what its verifier has to know: for tests of all forms."""

from collections.abc import Iterable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import Any

from certs.catalogue import document_type
from certs.encoding import b64url_encode
from certs.formats.elements import namespace
from certs.keys import MemorySigner
from tests.certs.formats import mdocs, sd_jwts
from tests.certs.formats.mdocs import TRANSCRIPT
from tests.world import DAY, RECORDS, World
from verifier import Conversation, Once, Policy, Report, Verified, Verifier

FORMS = ("vn1_cwt", "dc+sd-jwt", "mso_mdoc")
CONVERSATION = Conversation(TRANSCRIPT)
_ONLINE = {"audience": TRANSCRIPT.audience, "challenge": (TRANSCRIPT.nonce or "").encode()}


@dataclass(frozen=True)
class Shown:
    """A presentation, and what is known where it is checked."""

    form: str
    text: str

    @property
    def asked(self) -> dict[str, Any]:
        """What a policy must say of the question that it answers."""
        return {} if self.form == "vn1_cwt" else dict(_ONLINE)

    @property
    def conversation(self) -> Conversation | None:
        return CONVERSATION if self.form == "mso_mdoc" else None

    def inspect(self, verifier: Verifier, *, once: Once | None = None, **wanted: Any) -> Report:
        policy = Policy(**{**self.asked, **wanted})
        return verifier.inspect(self.text, policy=policy, conversation=self.conversation, once=once)

    def verify(self, verifier: Verifier, **wanted: Any) -> Verified:
        policy = Policy(**{**self.asked, **wanted})
        return verifier.verify(self.text, policy=policy, conversation=self.conversation)


def show(
    world: World,
    form: str,
    kind: str = "driving_licence",
    view: str | None = None,
    *,
    record: Mapping[str, Any] | None = None,
    holder: MemorySigner | None = None,
    claims: Iterable[Any] | None = None,
    at: int | None = None,
    days: int = 30,
    index: int = 0,
) -> Shown:
    """The view of the document, shown now by its holder; `claims` in its place where the form lets one choose."""
    document, key, now = document_type(kind), holder or world.holder, world.now if at is None else at
    fields = document.view(view or document.views[0].name).fields
    full = RECORDS[kind] if record is None else record
    if form == "vn1_cwt":
        told = {name: full[name] for name in fields if name in full}
        credential = world.issue(kind, view, told, holder=key, index=index, days=days)
        return Shown(form, world.present(credential, signer=key, at=now))
    chosen = tuple(claims) if claims is not None else tuple(name for name in fields if full.get(name) is not None)
    if form == "dc+sd-jwt":
        text = sd_jwts.issue(
            kind, full, world=world, holder=key, index=index, issued=world.now - 60, expires=world.now + days * DAY
        )
        asked = {"audience": str(TRANSCRIPT.audience), "nonce": str(TRANSCRIPT.nonce)}
        return Shown(form, sd_jwts.present(text, chosen, signer=key, at=now, **asked))
    other = copy(world)
    other.holder = key
    issued = mdocs.issued(other, kind, full, index=index, days=days)
    return Shown(form, b64url_encode(mdocs.presented(other, issued, {namespace(document): list(chosen)}, signer=key)))
