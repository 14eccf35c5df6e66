"""The demonstration: build a small nation where there is none, then serve its three roles until somebody ends it.

A nation is built beside its place and moved there whole, so that a build that was cut off leaves nothing behind. Its rows are
in a file there, or on the server that DATABASE_URL names: then they are cleared away when the build does not come to its end.
"""

import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from certs.fetch import Fetcher, FetchError
from idp import config, nation, processes, scheme, tls, welcome
from idp.issuance import signers, status
from idp.issuance.publication import Files, Publisher
from idp.login.password import hash_password
from idp.login.standing import today
from idp.nation import Nation, NotANation
from idp.oidc.secrets import token_hash
from idp.processes import CannotServe, Role, Running, Work
from idp.progress import Progress, Stopped
from idp.registries import personas, synthetic
from idp.registries.personas import PERSONAS
from idp.storage import place
from idp.storage.errors import StorageError
from idp.storage.sql import SqlStorage

PEOPLE = 1_000
SEED = 2026
READY_SECONDS = 30.0
WATCHED_EVERY = 0.25  # seconds between looks at the children
RENEWED_EVERY = 3600.0  # seconds between looks at what certificates and lists are due


@dataclass(frozen=True, slots=True)
class Options:
    data: Path
    idp_port: int
    wallet_port: int
    verifier_port: int
    tls: bool = False
    reset: bool = False
    ready_file: Path | None = None  # written when everything answers: for tests


def run(options: Options) -> int:
    """0 after a clean end, 1 when something is in the way; what to do is said on the error stream."""
    began = time.monotonic()
    stop = _stop_on_signal()
    running: list[Running] = []
    try:
        processes.check_free(
            [("idp", options.idp_port), ("wallet", options.wallet_port), ("verifier", options.verifier_port)]
        )
        here = prepare(options, now=int(time.time()), progress=Progress(sys.stderr, 8, stop.is_set))
        for role in roles(here):
            running.append(processes.start(role, here.folder / "logs"))
        processes.wait_ready(running, _answers(here, stop), seconds=READY_SECONDS)
        running.append(processes.start_work(keeping(here), here.folder / "logs"))  # the servers have brought the tables
        if not stop.is_set():
            welcome.announce(here, seconds=time.monotonic() - began, ready_file=options.ready_file)
        _watch(here, running, stop)
        return 0
    except Stopped:
        return 0
    except (CannotServe, NotANation, StorageError) as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    finally:
        processes.end(running)


def _watch(here: Nation, running: list[Running], stop: threading.Event) -> None:
    """Until somebody ends it. What signs is renewed on the way: the provider and whoever refreshes take it from the files."""
    renewed = time.monotonic()
    while not stop.wait(WATCHED_EVERY):
        processes.raise_if_ended(running)
        if time.monotonic() >= renewed + RENEWED_EVERY:
            renewed = time.monotonic()
            scheme.renew(here, now=int(time.time()))


def prepare(options: Options, *, now: int, progress: Progress) -> Nation:
    """The nation of these options, made or opened, with its trust list and bundle in force."""
    protocol = "https" if options.tls else "http"
    wanted = Nation(options.data.absolute(), *(f"{protocol}://localhost:{port}" for port in _ports(options)))
    try:
        held = nation.open_nation(wanted.folder)
    except NotANation:
        if not (options.reset and (wanted.folder / "nation.json").exists()):
            raise  # what we did not make is never removed
        held = wanted
    if held is None or options.reset:
        _build(wanted, now, progress, reset=options.reset)
        held = wanted
    nation.check_same(held, wanted)
    renewed = scheme.renew(held, now=now)
    older = nation.note(held)
    tls.certify(held, now=now)
    _check_rows(held)
    if older:
        _bring_along(held)
    with _storage(held) as storage:
        nation.bring_along(held, storage)
        if renewed or not held.bundle.exists():
            _write_bundle(held, storage, now)
    progress.end()
    return held


def _bring_along(held: Nation) -> None:
    """The rows of an older nation: what its clients may ask for, and a place for the status of every kind of today."""
    with _storage(held) as storage, storage.transaction() as ports:
        status.create_lists(ports.statuses)
        for client in ports.clients.all():
            if client.client_id in nation.CLIENTS:
                ports.clients.replace(nation.brought_along(held, client))


def keeping(here: Nation) -> Work:
    """The provider's housekeeping, in a process of its own: it costs no request anything."""
    return Work("housekeeping", ("-m", "idp", "housekeeping"), config.for_child(_provider(here)))


def _provider(here: Nation) -> dict[str, str]:
    return {
        "IDP_ISSUER": here.issuer,
        "IDP_DATA": str(here.idp),
        "IDP_DATABASE_URL": config.database_url(here.idp),
        "IDP_REDIS_URL": config.redis_url() or "",
        "IDP_SIMULATION": "1",
        "IDP_PUBLISH_EVERY": "0",  # whoever tries things out sees at once what they did
        "IDP_WALLET_URL": here.wallet,
        "IDP_VERIFIER_URL": here.verifier,
        "IDP_PERSONAS": str(here.personas),
        "IDP_CA_BUNDLE": str(tls.ca_bundle(here) or ""),
    }


def roles(here: Nation) -> tuple[Role, ...]:
    """How each is started: by command line and environment alone."""
    root, ports = here.root_sha256(), [int(url.rpartition(":")[2]) for url in (here.issuer, here.wallet, here.verifier)]
    wallet = {
        "WALLET_URL": here.wallet,
        "WALLET_ISSUER": here.issuer,
        "WALLET_DATA": str(here.folder / "wallet"),
        "WALLET_CLIENT_SECRET_FILE": str(here.secret_file("wallet")),
        "WALLET_ROOT_SHA256": root,
        "WALLET_SIMULATION": "1",
        "WALLET_CA_BUNDLE": str(tls.ca_bundle(here) or ""),
    }
    verifier = {
        "VERIFIER_URL": here.verifier,
        "VERIFIER_WALLET": here.wallet,
        "VERIFIER_ISSUER": here.issuer,
        "VERIFIER_DATA": str(here.folder / "verifier"),
        "VERIFIER_BUNDLE": str(here.bundle),
        "VERIFIER_CLIENT_SECRET_FILE": str(here.secret_file("bank")),
        "VERIFIER_ROOT_SHA256": root,
        "VERIFIER_SIMULATION": "1",
        "VERIFIER_CA_BUNDLE": str(tls.ca_bundle(here) or ""),
    }
    settings = zip(("idp", "wallet", "verifier"), ports, (_provider(here), wallet, verifier), strict=True)
    return tuple(
        Role(name, f"{name}.app:create_app_from_environment", port, config.for_child(environment), *_https(here, name))
        for name, port, environment in settings
    )


def _https(here: Nation, role: str) -> tuple[Path, Path] | tuple[()]:
    files = tls.served(here, role)
    return (files.certificate, files.key) if files else ()


def _ports(options: Options) -> tuple[int, int, int]:
    return options.idp_port, options.wallet_port, options.verifier_port


def _build(wanted: Nation, now: int, progress: Progress, *, reset: bool) -> None:
    """Beside its place first. The nation that it replaces is moved away whole, then removed."""
    home = wanted.folder
    home.parent.mkdir(parents=True, exist_ok=True)
    for remains in home.parent.glob(f".{home.name}.*"):
        if not processes.alive(remains.name.rpartition(".")[2]):
            shutil.rmtree(remains, ignore_errors=True)
    building = home.with_name(f".{home.name}.new.{os.getpid()}")
    old = home.with_name(f".{home.name}.old.{os.getpid()}")
    elsewhere = _elsewhere(wanted)
    if elsewhere is not None:
        if reset:
            place.clear(elsewhere)
        if place.is_taken(elsewhere):
            raise NotANation(
                "the database of DATABASE_URL holds a nation; name another one, or make it anew with --reset"
            )
    try:
        _fill(Nation(building, wanted.issuer, wanted.wallet, wanted.verifier), now, progress)
        progress.step("moving in")
        if home.exists():
            home.rename(old)
        building.rename(home)
    except BaseException:
        if elsewhere is not None:
            place.clear(elsewhere)
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def _fill(here: Nation, now: int, progress: Progress) -> None:
    here.folder.mkdir(mode=0o700)  # registers, keys and passwords of people, if only invented ones
    progress.step("authorities and their certificates")
    scheme.renew(here, now=now)
    clients = nation.found(here)
    with ThreadPoolExecutor(1) as pool:  # beside the rest; one caller never lacks a place to hash
        hashes = pool.map(lambda one: hash_password(one.password), PERSONAS)
        with _storage(here) as storage:
            with storage.transaction() as ports:
                progress.step("status lists")
                status.create_lists(ports.statuses)
                progress.step(f"{PEOPLE} people and their documents")
                synthetic.populate(ports, seed=SEED, count=PEOPLE, today=today(now))
                progress.step("relying parties")
                for client in clients:
                    ports.clients.add(client)
            progress.step("accounts")
            hashed = list(hashes)  # outside of a transaction
            with storage.transaction() as ports:
                for one, password_hash in zip(PERSONAS, hashed, strict=True):
                    ports.accounts.add(personas.account(one, password_hash=password_hash, created_at=now))
            nation.note_personas(here, PERSONAS)
            progress.step("the first bundle")
            _write_bundle(here, storage, now)


@contextmanager
def _storage(here: Nation) -> Iterator[SqlStorage]:
    here.idp.mkdir(parents=True, exist_ok=True)
    with place.opened(config.database_url(here.idp)) as storage:
        yield storage


def _elsewhere(here: Nation) -> str | None:
    """The database's name when it is not the file in the nation's own folder."""
    named = config.database_url(here.idp)
    return named if named != config.database_url(here.idp, {}) else None


def _check_rows(here: Nation) -> None:
    """A folder and a server's database are one nation when the database knows the folder's own secret."""
    elsewhere = _elsewhere(here)
    secret = token_hash(here.secret_file("wallet").read_text("ascii"))
    if elsewhere is not None and not place.knows(elsewhere, client_id="wallet", secret_hash=secret):
        raise NotANation(
            f"the database of DATABASE_URL is not that of {here.folder}; name the right one, or use --reset"
        )


def _write_bundle(here: Nation, storage: SqlStorage, now: int) -> None:
    publisher = Publisher(
        storage,
        issuer=here.issuer,
        signers=signers.load(here.signers),
        root=here.root(),
        files=Files.of(here.idp),
    )
    partial = here.bundle.with_name("bundle.cbor.new")
    partial.write_bytes(publisher.bundle(now=now).body)
    partial.replace(here.bundle)


def _stop_on_signal() -> threading.Event:
    """Ctrl-C and SIGTERM only raise a flag; each loop and each step of a build looks at it."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    return stop


def _answers(here: Nation, stop: threading.Event) -> Callable[[str], bool]:
    trusted = tls.ca_bundle(here)
    fetcher = Fetcher(simulation=True, ca_bundle=str(trusted) if trusted else None)

    def answers(url: str) -> bool:
        if stop.is_set():
            raise Stopped
        try:
            return fetcher.get(f"{url}/").status == 200
        except FetchError:
            return False

    return answers
