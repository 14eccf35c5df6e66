"""What the conventions of the attack catalogue mean, as assertions: Page 400, Redirect X, Token X, one event."""

from werkzeug.test import TestResponse

from tests.world_idp import CALLBACK, ISSUER, STATE, State, answer_of

SECURITY_HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}


def page(response: TestResponse, status: int = 400, *, reflected: tuple[str, ...] = ()) -> None:
    """An error page: no redirect, nothing of what was sent, never stored."""
    assert response.status_code == status, (response.status_code, response.text)
    assert "Location" not in response.headers
    assert response.mimetype == "text/html"
    assert 'id="error-id"' in response.text
    assert "Traceback" not in response.text
    for text in (*reflected, STATE):
        assert not text or text not in response.text
    headers(response)


def redirect(response: TestResponse, error: str, *, state: str | None = STATE, to: str = CALLBACK) -> None:
    """Back to the registered address with the error, the state and our name."""
    answer = answer_of(response)
    assert response.headers["Location"].startswith(f"{to}{'&' if '?' in to else '?'}error="), response.headers[
        "Location"
    ]
    assert answer["error"] == error, answer
    assert answer.get("state") == state
    assert answer["iss"] == ISSUER
    assert "code" not in answer
    headers(response)


def token(response: TestResponse, error: str, status: int | None = None) -> None:
    """JSON, never stored, a challenge where the client did not prove who it is."""
    assert response.status_code == (status or (401 if error == "invalid_client" else 400)), response.text
    assert response.mimetype == "application/json"
    body = response.get_json()
    assert body["error"] == error, body
    assert set(body) == {"error", "error_description"}
    assert body["error_description"].isascii()
    if error == "invalid_client":
        assert response.headers["WWW-Authenticate"].startswith("Basic realm=")
    headers(response)


def headers(response: TestResponse) -> None:
    assert response.headers["Cache-Control"] == "no-store"
    for name, value in SECURITY_HEADERS.items():
        assert response.headers[name] == value
    csp = response.headers["Content-Security-Policy"]
    assert "unsafe" not in csp
    assert "frame-ancestors 'none'" in csp


def one_event(state: State, kind: str, /, **details: str) -> None:
    """Exactly one line of this kind, and it says this. No line of the journal holds a whole personal number."""
    events = state.journal(kind)
    assert len(events) == 1, events
    assert details.items() <= dict(events[0].details).items(), events[0]
    for event in state.journal():
        assert "999203001234" not in repr(event)
