"""Keys that never leave a token (HSM, smart card): made, found and used through its PKCS#11 module.

Spec: PKCS #11 v2.40 (OASIS), §2.3.6 (CKM_ECDSA over a digest), §5.4 (initialization, and again after a fork)

A key is found by its identifier, which is the subject key identifier of its certificate: a certificate names its key.
In one process a module does one thing at a time; processes sign side by side. When a token is away, each use tries
to find it again, so that nothing has to be started anew when it is back. A PIN that was refused once is not tried again: the
token would lock itself.
"""

import hashlib
import os
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_der_public_key

from certs.errors import BadSignature, Unsupported
from certs.keys import PublicKey

ALGORITHM = "ES256"
_PAUSES = (0.01, 0.05)  # seconds: a module that other processes open at this moment may not see its tokens for a while
_Done = TypeVar("_Done")
_PROBE = b"is this the key of that certificate?"


class TokenUnavailable(OSError):
    """The key cannot be used now; the text names what is away and never a PIN."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Where keys lie: the module (a shared library), the label of the token in it, and the file of the user's PIN."""

    module: Path
    label: str
    pin_file: Path = field(repr=False)

    def pin(self) -> str:
        """Raises PermissionError when others may read the file."""
        if self.pin_file.stat().st_mode & 0o077:
            raise PermissionError(f"{self.pin_file} may be read by others; chmod 600 it")
        return self.pin_file.read_text("utf-8").strip()


class TokenSigner:
    """A Signer whose private key is in a token."""

    __slots__ = ("_identifier", "_token", "public")

    def __init__(self, token: Token, public: PublicKey) -> None:
        """Nothing is opened yet: a provider starts although the token is away."""
        if public.alg != ALGORITHM:
            raise Unsupported("alg_not_allowed", "keys in tokens are on P-256")
        self.public = public
        self._token = token
        self._identifier = _identifier(public)

    def sign(self, message: bytes) -> bytes:
        """Raises TokenUnavailable."""
        return _module(self._token.module).sign(self._token, self._identifier, self.public, message)

    def __repr__(self) -> str:
        return f"TokenSigner({self._token.label!r}, {self.public!r})"


def make_key(token: Token, label: str) -> PublicKey:
    """A new key pair on P-256 in the token, that can never be taken out. Raises TokenUnavailable, or ValueError where a key
    of that label is there already."""
    return _module(token.module).make(token, label)


def find_key(token: Token, label: str) -> PublicKey:
    """The public half of the key of that label. Raises TokenUnavailable, or ValueError where there is none or several."""
    return _module(token.module).find(token, label)


def _identifier(public: PublicKey) -> bytes:
    """The subject key identifier, as `certs/authority.py` writes it into certificates."""
    return x509.SubjectKeyIdentifier.from_public_key(public.crypto()).digest


def _bindings() -> Any:
    """The optional extra `pkcs11`: for those alone whose keys are in a token."""
    try:
        import pkcs11  # noqa: PLC0415
    except ImportError as error:
        raise TokenUnavailable("keys in tokens need the extra: pip install vneid-reference[pkcs11]") from error
    return pkcs11


def close_all() -> None:
    """Log out everywhere in this process; whoever signs next logs in again."""
    for held in list(_modules.values()):
        held.close()


class _Module:
    """One shared library in this process. Holds its sessions and keys, which a fork or an error makes worthless."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._library: Any = None
        self._sessions: dict[str, tuple[Token, Any]] = {}
        self._keys: dict[tuple[str, bytes], Any] = {}
        self._refused: set[tuple[str, bytes]] = set()  # label of the token, digest of the PIN

    def sign(self, token: Token, identifier: bytes, public: PublicKey, message: bytes) -> bytes:
        digest = hashlib.sha256(message).digest()
        with self._lock:
            return self._guarded(lambda: self._sign(token, identifier, public, digest))

    def make(self, token: Token, label: str) -> PublicKey:
        with self._lock:
            return self._guarded(lambda: self._make(token, label))

    def find(self, token: Token, label: str) -> PublicKey:
        with self._lock:
            return self._guarded(lambda: self._find(token, label))

    def close(self) -> None:
        with self._lock:
            self._close()

    def _guarded(self, do: Callable[[], _Done]) -> _Done:
        """`do`, and again with everything opened anew when the token did not answer as it should."""
        p11 = _bindings()
        for pause in (*_PAUSES, None):
            try:
                return do()
            except (p11.PKCS11Error, RuntimeError) as error:
                self._close()
                if pause is None:
                    raise TokenUnavailable(f"{self._path.name}: {type(error).__name__}") from error
                time.sleep(pause)
            except TokenUnavailable:
                self._close()
                raise
        raise AssertionError("not reached")

    def _close(self) -> None:
        """Forget all: handles of sessions and keys do not outlive a token that went away."""
        p11 = _bindings()
        self._sessions.clear()
        self._keys.clear()
        library, self._library = self._library, None
        if library is not None:
            try:
                library.finalize()
            except (p11.PKCS11Error, RuntimeError):
                return  # it was not open: all the better

    def _session(self, token: Token) -> Any:
        p11 = _bindings()
        if self._library is None:
            if not self._path.exists():
                raise TokenUnavailable(f"no module {self._path}")
            self._library = p11.lib(str(self._path))
            self._library.reinitialize()  # after a fork the copy of our parent's state is worthless (§5.4)
        known, session = self._sessions.get(token.label, (None, None))
        if known == token:
            return session
        if session is not None:  # whoever brings another PIN shows it
            self._keys.clear()
            session.close()
        session = self._log_in(token)
        self._sessions[token.label] = (token, session)
        return session

    def _log_in(self, token: Token) -> Any:
        p11 = _bindings()
        pin = token.pin()
        attempt = (token.label, hashlib.sha256(pin.encode()).digest())
        if attempt in self._refused:
            raise TokenUnavailable(f"token {token.label}: this PIN was refused before and is not tried again")
        try:
            return self._library.get_token(token_label=token.label).open(rw=True, user_pin=pin)
        except (p11.PinIncorrect, p11.PinInvalid, p11.PinLenRange, p11.PinLocked, p11.PinExpired) as error:
            self._refused.add(attempt)
            raise TokenUnavailable(f"token {token.label}: {type(error).__name__}") from error

    def _sign(self, token: Token, identifier: bytes, public: PublicKey, digest: bytes) -> bytes:
        p11 = _bindings()
        place, session = (token.label, identifier), self._session(token)
        key = self._keys.get(place)
        if key is None:
            try:
                key = session.get_key(object_class=p11.ObjectClass.PRIVATE_KEY, id=identifier)
            except (p11.NoSuchKey, p11.MultipleObjectsReturned) as error:
                raise TokenUnavailable(f"token {token.label}: {type(error).__name__} {identifier.hex()}") from error
            probe = hashlib.sha256(_PROBE).digest()
            try:
                public.verify(key.sign(probe, mechanism=p11.Mechanism.ECDSA), _PROBE)
            except BadSignature:
                raise TokenUnavailable(f"token {token.label}: the key is not that of its certificate") from None
            self._keys[place] = key
        signature: bytes = key.sign(digest, mechanism=p11.Mechanism.ECDSA)
        return signature

    def _make(self, token: Token, label: str) -> PublicKey:
        p11 = _bindings()
        session = self._session(token)
        if any(True for _ in session.get_objects({p11.Attribute.LABEL: label})):
            raise ValueError(f"token {token.label} has a key {label} already")
        curve = p11.util.ec.encode_named_curve_parameters("secp256r1")
        parameters = session.create_domain_parameters(p11.KeyType.EC, {p11.Attribute.EC_PARAMS: curve}, local=True)
        never_out = {p11.Attribute.SENSITIVE: True, p11.Attribute.EXTRACTABLE: False}
        half, private = parameters.generate_keypair(
            store=True, label=label, id=secrets.token_bytes(20), private_template=never_out
        )
        public = self._public(half)
        for each in (half, private):
            each[p11.Attribute.ID] = _identifier(public)
        return public

    def _find(self, token: Token, label: str) -> PublicKey:
        p11 = _bindings()
        try:
            half = self._session(token).get_key(object_class=p11.ObjectClass.PUBLIC_KEY, label=label)
        except (p11.NoSuchKey, p11.MultipleObjectsReturned) as error:
            raise ValueError(f"token {token.label} has no one key {label}") from error
        return self._public(half)

    def _public(self, half: Any) -> PublicKey:
        der: bytes = _bindings().util.ec.encode_ec_public_key(half)
        return PublicKey.from_crypto(load_der_public_key(der), ALGORITHM)


_modules: dict[Path, _Module] = {}
_modules_lock = threading.Lock()


def _module(path: Path) -> _Module:
    with _modules_lock:
        return _modules.setdefault(path, _Module(path))


def _forget() -> None:
    """In a child: sessions and locks are its parent's. What the parent learnt of PINs stays known."""
    global _modules_lock
    _modules_lock = threading.Lock()
    for path, held in list(_modules.items()):
        fresh = _modules[path] = _Module(path)
        fresh._refused = held._refused  # the same class


os.register_at_fork(after_in_child=_forget)
