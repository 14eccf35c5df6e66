"""What came in and what goes out, as values: no framework, repeated parameters kept.

Spec: RFC 6749 §3.1, §3.2 (parameters at most once, empty means left out), Appendix B (form encoding is UTF-8)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from certs.encoding import json_encode

MAX_PARAMETERS = 64  # No request of ours has more than some twenty; a bound keeps parsing linear and small.

NO_STORE = (("Cache-Control", "no-store"), ("Pragma", "no-cache"))  # RFC 6749 §5.1


class MalformedParameters(ValueError):
    """Not form encoding, not UTF-8, or too many of them."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Names and values in the order sent. A value sent empty counts as left out (RFC 6749 §3.1)."""

    pairs: tuple[tuple[str, str], ...] = ()
    _by_name: dict[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_name: dict[str, tuple[str, ...]] = {}
        for name, value in self.pairs:
            by_name[name] = (*by_name.get(name, ()), value)
        object.__setattr__(self, "_by_name", by_name)

    @classmethod
    def parse(cls, encoded: bytes) -> "Parameters":
        try:
            pairs = parse_qsl(
                encoded.decode("ascii"),
                keep_blank_values=True,
                errors="strict",
                max_num_fields=MAX_PARAMETERS,
            )
        except ValueError as error:  # UnicodeDecodeError is one
            raise MalformedParameters("parameters are not form-encoded UTF-8 of reasonable number") from error
        return cls(tuple((name, value) for name, value in pairs))

    def all(self, name: str) -> tuple[str, ...]:
        return self._by_name.get(name, ())

    def get(self, name: str) -> str | None:
        """The value if it was sent exactly once and is not empty. Ask `repeated` first where twice is an error."""
        values = self.all(name)
        return values[0] if len(values) == 1 and values[0] else None

    def repeated(self, *, but: str | None = None) -> tuple[str, ...]:
        """`but`: the one that may be (RFC 8707 §2)."""
        return tuple(sorted(name for name, values in self._by_name.items() if len(values) > 1 and name != but))

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __bool__(self) -> bool:
        return bool(self.pairs)


@dataclass(frozen=True, slots=True)
class Request:
    """Header names are lower case. `form` is empty unless the body is `application/x-www-form-urlencoded`. `jkt` is not sent but
    found out: the key that the sender proved to hold (`idp.oidc.dpop`)."""

    method: str
    query: Parameters = Parameters()
    form: Parameters = Parameters()
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    media_type: str | None = None  # of the body, lower case, without parameters
    body: bytes = field(default=b"", repr=False)
    path: str = ""
    source: str = ""  # the network that it came from, as tries are counted
    jkt: str | None = None

    @property
    def parameters(self) -> Parameters:
        """Those of an endpoint that takes GET and POST (OpenID Connect Core 1.0 §3.1.2.1)."""
        return self.form if self.method == "POST" else self.query


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = field(default=b"", repr=False)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


FORM = "application/x-www-form-urlencoded"


def json_response(
    content: Mapping[str, Any], *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> Response:
    """JSON that must not be kept by anyone on the way."""
    return Response(status, (("Content-Type", "application/json"), *NO_STORE, *headers), json_encode(content))
