"""What the state's staff do with what is registered of a client: add, change, give a new secret, remove.

What a new or changed address of a sector holds is fetched before: each says by `Needed` that it has to be. Each is one
transaction with its line in the journal, which names the members that changed and who did it, never a value.
Spec: RFC 7591 §2; RFC 7592 §2.2 (an update is judged as a whole), §2.3; OpenID Connect Registration 1.0 §5
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from idp.model import Client, Event
from idp.oidc.clients import registration, sector
from idp.oidc.clients.client_secrets import HASHED, Secret
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.profiles import BASIC, SECRET_JWT
from idp.oidc.secrets import token_hash
from idp.ports import Ports

SECRET = "client_secret"  # noqa: S105 (a member's name)
ENTITLED, PROFILE = "entitled_to_pid", "profile"  # what the state decides: no members of the client's metadata
WITH_SECRET = (*HASHED, SECRET_JWT)
_FROM_METADATA = (
    "name",
    "purpose",
    "redirect_uris",
    "scopes",
    "profile",
    "token_endpoint_auth_method",
    "id_token_signed_response_alg",
    "application_type",
    "entitled_to_pid",
    "metadata",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What is asked for: members to set, members to leave out, and what the state decides; the rest stays."""

    members: Mapping[str, Any]
    without: Collection[str] = ()
    profile: str | None = None
    entitled_to_pid: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where it is done: by whom, as the journal names them, and when. `fetched`: what stands at addresses that were needed."""

    by: Mapping[str, str]  # {"officer": account id} or {"by": "command line"}
    now: int
    simulation: bool
    fetched: Mapping[str, bytes | None] = field(default_factory=dict, repr=False)


def metadata_of(client: Client) -> dict[str, Any]:
    """What was registered, by its names there."""
    return {
        "client_name": client.name.vi,
        **({"client_name#en": client.name.en} if client.name.en != client.name.vi else {}),
        "purpose": client.purpose.vi,
        **({"purpose#en": client.purpose.en} if client.purpose.en != client.purpose.vi else {}),
        "redirect_uris": list(client.redirect_uris),
        "scope": " ".join(client.scopes),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "application_type": client.application_type,
        **{name: value for name, value in client.metadata.items() if name != sector.KEPT_AS},  # that was never sent
    }


def new(
    members: Mapping[str, Any], *, profile: str, entitled_to_pid: bool, secret: Callable[[], str], simulation: bool
) -> tuple[Client, str | None]:
    """The client to store, which holds a hash alone, and its secret, if it has one. Raises RegistrationError."""
    own = secret() if members.get("token_endpoint_auth_method", BASIC) in HASHED else None
    made = registration.client(
        members,
        client_id=f"client-{secret()[:16]}",
        secret_hash=None if own is None else token_hash(own),
        profile=profile,
        entitled_to_pid=entitled_to_pid,
        simulation=simulation,
    )
    return made, own


def changed(client: Client, change: Change, *, simulation: bool) -> Client:
    """The client as it would be, judged anew as a whole. Raises RegistrationError."""
    kept = {name: value for name, value in metadata_of(client).items() if name not in change.without}
    members = {**kept, **change.members}
    method = members.get("token_endpoint_auth_method", BASIC)
    judged = registration.client(
        members,
        client_id=client.client_id,
        secret_hash=client.secret_hash if method in HASHED else None,
        secret_sealed=client.secret_sealed if method == SECRET_JWT else None,
        profile=client.profile if change.profile is None else change.profile,
        entitled_to_pid=client.entitled_to_pid if change.entitled_to_pid is None else change.entitled_to_pid,
        simulation=simulation,
        previous=client,
    )
    told = {name: getattr(judged, name) for name in _FROM_METADATA}
    return replace(client, secret_hash=judged.secret_hash, secret_sealed=judged.secret_sealed, **told)


def differences(before: Client, after: Client) -> tuple[str, ...]:
    """The names of the members that are not what they were."""
    old = {**metadata_of(before), PROFILE: before.profile, ENTITLED: before.entitled_to_pid}
    new = {**metadata_of(after), PROFILE: after.profile, ENTITLED: after.entitled_to_pid}
    return tuple(sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name)))


def add(ports: Ports, client: Client, desk: Desk) -> None:
    """Raises SectorError, Needed."""
    registration.check_sector(client, desk.fetched)
    ports.clients.add(client)
    ports.journal.append(Event(desk.now, "client_added", client_id=client.client_id, details=dict(desk.by)))


def change(ports: Ports, client_id: str, wanted: Change, desk: Desk) -> tuple[Client, tuple[str, ...]] | None:
    """The client as it is now and what changed; None when there is no such client. Raises RegistrationError, Needed."""
    held = ports.clients.hold(client_id)
    if held is None:
        return None
    after = changed(held, wanted, simulation=desk.simulation)
    names = differences(held, after)
    if {sector.URI, "redirect_uris"} & set(names):  # for nothing else does its site have to be awake
        registration.check_sector(after, desk.fetched)
    if names:
        ports.clients.replace(after)
        if "scope" in names:
            ports.registrations.limit(
                client_id, after.scopes
            )  # else who registered itself would take back what was taken
        _note(ports, client_id, names, desk)
    return after, names


def renew_secret(
    ports: Ports, client_id: str, draw: Callable[[Client], Secret], desk: Desk
) -> tuple[Client, str] | None:
    """From now on the secret that is returned and no other; None when there is no such client. Raises RegistrationError
    where nothing is drawn: the client has none, or one that is not to be made here."""
    held = ports.clients.hold(client_id)
    if held is None:
        return None
    drawn = draw(held)
    if drawn.told is None:
        raise RegistrationError("invalid_client_metadata", "a new secret cannot be given to this application here")
    after = replace(held, secret_hash=drawn.hash, secret_sealed=drawn.sealed)
    ports.clients.replace(after)
    _note(ports, client_id, (SECRET,), desk)
    return after, drawn.told


def remove(ports: Ports, client_id: str, desk: Desk) -> bool:
    if not ports.clients.remove(client_id):
        return False
    ports.journal.append(Event(desk.now, "client_removed", client_id=client_id, details=dict(desk.by)))
    return True


def _note(ports: Ports, client_id: str, names: tuple[str, ...], desk: Desk) -> None:
    details = {"members": list(names), **desk.by}
    ports.journal.append(Event(desk.now, "client_changed", client_id=client_id, details=details))
