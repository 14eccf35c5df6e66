"""The developer inbox: there in a simulation, and nowhere else."""

from dataclasses import replace
from pathlib import Path

from certs.catalogue import Text
from idp.app import create_app
from idp.config import Config
from idp.login import notices
from idp.model import Message
from idp.storage.tables import db
from tests.world_idp import NOW, State, account

INBOX = "/simulation/messages"


def add(state: State, phone: str, text: str, *, at: int = NOW) -> None:
    with state.storage.transaction() as ports:
        ports.messages.add(Message(phone, Text(text, f"{text} in English"), at, at + 600))


def test_empty(state: State) -> None:
    assert 'id="no-messages"' in state.browser().get(INBOX).text


def test_newest_first_and_by_number(state: State) -> None:
    add(state, "+84912345678", "Một")
    add(state, "+84987000111", "Hai <b>", at=NOW + 1)
    page = state.browser().get(INBOX)
    assert page.text.index("Hai &lt;b&gt;") < page.text.index("Một")
    assert "02/03/2026 15:00:01" in page.text
    one = state.browser().get(INBOX, query_string={"phone": "0987 000 111"})
    assert "Hai" in one.text and "Một" not in one.text
    assert "0987 000 111" in one.text
    assert "Một in English" in state.browser().get(f"{INBOX}?lang=en").text
    wrong = state.browser().get(INBOX, query_string={"phone": "12"})
    assert wrong.status_code == 422 and "Hai" not in wrong.text and 'href="#phone"' in wrong.text
    state.wait(10_000)
    assert 'id="no-messages"' in state.browser().get(INBOX).text


def test_the_home_page_leads_there(state: State) -> None:
    assert f'href="{INBOX}"' in state.browser().get("/").text


def test_outside_of_a_simulation_there_is_none(tmp_path: Path) -> None:
    config = Config(
        issuer="https://id.example.vn",
        data=tmp_path,
        database_url=f"sqlite:///{tmp_path / 'idp.sqlite'}",
        simulation=False,
    )
    app = create_app(config, clock=lambda: NOW)
    client = app.test_client()
    assert client.get(INBOX, base_url=config.issuer).status_code == 404
    assert INBOX not in client.get("/", base_url=config.issuer).text
    asked = client.get("/sign-in", base_url=config.issuer).headers["Location"]
    page = client.get(f"{asked}/code", base_url=config.issuer)
    assert 'id="identifier"' in page.text and 'id="code"' in page.text  # the app alone
    assert client.get(f"{asked}/code/message", base_url=config.issuer).status_code == 404
    with app.app_context():
        db.engine.dispose()


def test_told_in_a_simulation_alone(state: State) -> None:
    text = Text("Chuyện gì đó", "Something")
    with state.storage.transaction() as ports:
        notices.tell(ports, account(), text, now=NOW, simulation=False)
        assert not ports.messages.recent(now=NOW)
        notices.tell(ports, replace(account(), phone="+84912345678"), text, now=NOW, simulation=True)
        (message,) = ports.messages.recent(now=NOW)
    assert (message.phone, message.text) == ("+84912345678", text)
    assert "Chuyện" not in repr(message)
