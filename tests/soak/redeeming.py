"""Races over HTTP at /token: processes of the provider with threads, as many clients, all with one code or refresh token."""

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

from idp.model import Consent, Grant, Token
from idp.oidc.code import PURPOSE, Code
from idp.oidc.secrets import token_hash
from idp.ports import Ports, Storage
from tests.soak.history import Use, Verdict, judge
from tests.soak.serving import Line, Served, served
from tests.world_idp import CALLBACK, ISSUER, VERIFIER, basic, challenge

PROCESSES, CLIENTS = 2, 8  # each process has four threads
CHUNK = 250
PATIENCE = 60.0
SCOPES = ("openid", "profile")


@dataclass(frozen=True, slots=True)
class Redeeming:
    folder: Path  # of the provider: its keys
    database: str
    storage: Storage  # the same database, to lay codes and tokens out
    rounds: int
    redis: str = ""


def run(race: Redeeming, told: Callable[[int], None] = lambda done: None) -> Verdict:
    settings = {
        "IDP_ISSUER": ISSUER,
        "IDP_DATA": str(race.folder),
        "IDP_DATABASE_URL": race.database,
        "IDP_REDIS_URL": race.redis,
        "IDP_SIMULATION": "1",
    }
    uses: list[Use] = []
    with (
        served(settings, race.folder / "logs", PROCESSES) as servers,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        for start in range(0, race.rounds, CHUNK):
            chunk = range(start, min(start + CHUNK, race.rounds))
            with race.storage.transaction() as ports:
                _lay(ports, chunk, int(time.time()))
            together = Barrier(CLIENTS)
            clients = [pool.submit(_client, servers, number, chunk, together) for number in range(CLIENTS)]
            uses += [use for client in clients for use in client.result()]
            told(chunk.stop)
    return judge(uses)


def _lay(ports: Ports, chunk: Sequence[int], now: int) -> None:
    if not chunk[0]:
        ports.consents.record(Consent("a-duong", "bank", SCOPES, now))
    ends = now + 600
    for number in chunk:
        if number % 2:
            grant = Grant(f"g{number}", "a-duong", "bank", SCOPES, "openid", now, ends, _DETAILS)
            ports.grants.open(grant, [Token(token_hash(_value(number)), grant.grant_id, "refresh", ends)])
        else:
            code = Code(
                issuer=ISSUER,
                client_id="bank",
                redirect_uri=CALLBACK,
                challenge=challenge(),
                account_id="a-duong",
                scopes=SCOPES,
                id_token_claims=(),
                nonce=None,
                auth_time=now,
                acr="LoA1",
                amr=("pwd",),
                sid=f"s{number}",
                grant_id=f"g{number}",
                expires=ends,
            )
            ports.ephemeral.put(PURPOSE, _value(number), code.payload(), expires=ends)


_DETAILS = {"acr": "LoA1", "amr": ["pwd"], "auth_time": 1, "sid": "s"}


def _value(number: int) -> str:
    return f"{number:043}"


def _form(number: int, name: int) -> dict[str, str]:
    """Each racer's request is another one: the same again would be a retry, which gets the same answer."""
    if number % 2:
        return {"grant_type": "refresh_token", "refresh_token": _value(number), "racer": str(name)}
    return {
        "grant_type": "authorization_code",
        "code": _value(number),
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }


def _client(servers: Sequence[Served], name: int, chunk: Sequence[int], together: Barrier) -> list[Use]:
    uses = []
    try:
        with servers[name % len(servers)].connect() as line:
            for number in chunk:
                together.wait(PATIENCE)
                began = time.monotonic()
                won = _redeem(line, number, name)
                uses.append(Use(f"{'refresh' if number % 2 else 'code'} {number}", won, began, time.monotonic()))
    except BaseException:
        together.abort()
        raise
    return uses


def _redeem(line: Line, number: int, name: int) -> bool:
    status, body = line.post("/token", _form(number, name), basic())
    answer = json.loads(body)
    if status == 200:
        return True
    assert (status, answer["error"]) == (400, "invalid_grant"), (status, answer)
    return False
