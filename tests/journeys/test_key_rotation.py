"""OP-21: keys rotate under load and no token fails; a key that leaked is gone from every process.

Two real servers over one PostgreSQL. Relying parties are threads: each refreshes at either server, and verifies what it gets by
the keys that it holds; for an unknown key id it asks either server's /jwks once, as libraries do.
"""

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from threading import Event

import pytest

from certs.errors import CertsError
from certs.jose import KeySet, parse, verify_jwt
from idp.oidc.keys import key_changes, signing_keys
from idp.oidc.keys.key_safe import SealedSafe
from idp.oidc.keys.signing_keys import DAY, PREPARED_AHEAD
from tests.databases import Postgres, fresh_name
from tests.idp.oidc.tokens_asked import machine
from tests.idp.test_housekeeping import settings
from tests.smoke import ROOT
from tests.soak import quick_keys
from tests.soak.serving import Line, Served, served
from tests.world_idp import ISSUER, State, basic, client, populate, reopen

BANK = "bank-with-refresh"
ALGS = ("ES256", "Ed25519")
THREADS, ROTATIONS = 3, 4  # of each kind of relying party; the first key is one more
# Before a prepared key signs, every process has read it, and what stands ready before Flask has been made anew.
SEEN_SECONDS = 1.0 + quick_keys.READ_EVERY + 0.4
REMOVED_WITHIN = 60.0


@dataclass
class RelyingParty:
    servers: list[Served]
    choice: random.Random
    keys: KeySet = field(default_factory=lambda: KeySet(()))
    fetched: int = 0
    verified: Counter[str] = field(default_factory=Counter)  # by key id
    failed: list[str] = field(default_factory=list)
    lines: dict[int, Line] = field(default_factory=dict)

    def close(self) -> None:
        for line in self.lines.values():
            line.__exit__()

    def line(self) -> Line:
        server = self.choice.choice(self.servers)
        return self.lines.setdefault(server.port, server.connect())

    def check(self, token: str, *, typ: str, audience: str) -> None:
        kid = parse(token).header["kid"]
        if kid not in {key.kid for key in self.keys.keys}:
            self.keys, self.fetched = KeySet.from_jwks(json.loads(self.line().get("/jwks")[1])), self.fetched + 1
        try:
            verify_jwt(token, self.keys, typ=typ, issuer=ISSUER, audience=audience, now=int(time.time()), leeway=5)
            self.verified[kid] += 1
        except CertsError as error:
            self.failed.append(f"{kid}: {error}")

    def refreshes(self, refresh: str, over: Event) -> None:
        while not over.is_set():
            form = {"grant_type": "refresh_token", "refresh_token": refresh}
            status, body = self.line().post("/token", form, basic(BANK))
            answer = json.loads(body)
            assert status == 200, answer
            refresh = answer["refresh_token"]
            self.check(answer["id_token"], typ="JWT", audience=BANK)

    def asks_for_itself(self, over: Event) -> None:
        while not over.is_set():
            status, body = self.line().post("/token", {"grant_type": "client_credentials"}, basic("machine"))
            assert status == 200, body
            self.check(json.loads(body)["access_token"], typ="at+jwt", audience=ISSUER)


@pytest.fixture(scope="module")
def state(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    """The clock is today's: other processes serve the same rows."""
    name = fresh_name()
    postgres.migrated(name)
    state = reopen(tmp_path_factory.mktemp("keys") / "idp", postgres.url(name))
    state.clock[0] = int(time.time())
    with state.storage.transaction() as ports:
        populate(ports)
    by_itself = replace(machine(access_token_format="jwt"), id_token_signed_response_alg="Ed25519")
    with_people = client(BANK, scopes=("openid", "profile", "offline_access"))
    state.put(clients=(by_itself, with_people))
    yield state
    state.close()


@pytest.fixture(scope="module")
def servers(state: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Served]]:
    factory = f"{quick_keys.__name__}:{quick_keys.create.__name__}"
    with served(settings(state), tmp_path_factory.mktemp("logs"), 2, factory=factory) as running:
        yield running


def refresh_tokens(state: State) -> list[str]:
    browser = state.browser()
    codes = [browser.code(client_id=BANK, scope="openid offline_access", prompt="consent") for _ in range(THREADS)]
    return [state.redeem(code, basic(BANK)).get_json()["refresh_token"] for code in codes]


def rotate(state: State, number: int) -> None:
    """The schedule of some years in some seconds: the rules are told the time, the processes live in their own."""
    safe = SealedSafe(state.web.keys._safe.sealer)  # type: ignore[attr-defined]
    now = state.clock[0] + number * 10 * DAY
    assert key_changes.prepare(state.storage, safe, ALGS, now=now - PREPARED_AHEAD, by="test")
    time.sleep(SEEN_SECONDS)
    assert key_changes.rotate(state.storage, ALGS, now=now, by="test")


def test_op_21_no_token_fails_while_keys_rotate(state: State, servers: list[Served]) -> None:
    parties = [RelyingParty(servers, random.Random(number)) for number in range(2 * THREADS)]
    tokens, over = refresh_tokens(state), Event()
    work: list[Callable[[], None]] = [
        *(
            lambda party=party, token=token: party.refreshes(token, over)
            for party, token in zip(parties[:THREADS], tokens, strict=True)
        ),
        *(lambda party=party: party.asks_for_itself(over) for party in parties[THREADS:]),
    ]
    with ThreadPoolExecutor(len(work)) as pool:
        running = [pool.submit(one) for one in work]
        try:
            for number in range(1, ROTATIONS + 1):
                rotate(state, number)
            time.sleep(SEEN_SECONDS)  # the last ones sign too
        finally:
            over.set()
            wait(running)
            for party in parties:
                party.close()
        for one in running:
            one.result()
    assert [failure for party in parties for failure in party.failed] == []
    with state.storage.reading() as ports:
        kids = {alg: {key.kid for key in ports.signing_keys.all() if key.alg == alg} for alg in ALGS}
    for alg, of_alg in zip(ALGS, (parties[:THREADS], parties[THREADS:]), strict=True):
        assert len(kids[alg]) == ROTATIONS + 1
        assert set().union(*(party.verified for party in of_alg)) == kids[alg]  # each of them signed
    assert all(1 <= party.fetched <= ROTATIONS + 1 for party in parties)


def test_a_leaked_key_is_gone_from_every_process(state: State, servers: list[Served]) -> None:
    with state.storage.reading() as ports:
        leaked = signing_keys.signing(ports.signing_keys.all())["Ed25519"].kid
    with servers[0].connect() as line:
        token = json.loads(line.post("/token", {"grant_type": "client_credentials"}, basic("machine"))[1])[
            "access_token"
        ]
    assert parse(token).header["kid"] == leaked
    assert all(told(server, token) == (True, True) for server in servers)
    command = [sys.executable, "-m", "idp", "keys", "remove", leaked, "--emergency", "--json"]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, **settings(state)}, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    began = time.monotonic()
    while any(told(server, token) != (False, False) for server in servers):
        assert time.monotonic() - began < REMOVED_WITHIN
        time.sleep(0.1)
    for server in servers:
        party = RelyingParty([server], random.Random(1))
        with server.connect() as line:
            fresh = json.loads(line.post("/token", {"grant_type": "client_credentials"}, basic("machine"))[1])
        party.check(fresh["access_token"], typ="at+jwt", audience=ISSUER)
        party.close()
        assert (party.failed, list(party.verified)) == ([], [json.loads(done.stdout)[1]["kid"]])


def told(server: Served, token: str) -> tuple[bool, bool]:
    """Is the token's key published, and does the token count?"""
    with server.connect() as line:
        kids = {key["kid"] for key in json.loads(line.get("/jwks")[1])["keys"]}
        answer = json.loads(line.post("/introspect", {"token": token}, basic("machine"))[1])
    return parse(token).header["kid"] in kids, answer["active"]
