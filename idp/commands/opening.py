"""Where the rows of a command are: the settings, the database of the right version, one person in it."""

import argparse
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from idp import config, nation
from idp.commands.terminal import CONFIGURATION, REFUSED, USAGE, Failed
from idp.config import Config, UnsafeConfiguration
from idp.model import Person
from idp.nation import NotANation
from idp.ports import Ports
from idp.storage import migrations
from idp.storage.engine import open_engine
from idp.storage.sql import SqlStorage

BY = "command line"  # who did it, in the journal


def settings(options: argparse.Namespace) -> Config:
    """`--data` names a demonstration; else the provider's own settings; else the demonstration in `instance`."""
    if options.data is None:
        try:
            return config.from_environment()
        except UnsafeConfiguration:
            pass  # no settings: look for the demonstration
    folder = options.data or Path("instance")
    try:
        here = nation.open_nation(folder)
    except NotANation as error:
        raise Failed(str(error), CONFIGURATION) from error
    if here is None:
        raise Failed(f"there is no nation in {folder}; make one with: make demo, or name it by --data", CONFIGURATION)
    named = {"IDP_ISSUER": here.issuer, "IDP_DATA": str(here.idp), "IDP_SIMULATION": "1"}
    return config.from_environment({**named, "IDP_DATABASE_URL": config.database_url(here.idp)})


@contextmanager
def opened(options: argparse.Namespace) -> Iterator[SqlStorage]:
    engine = open_engine(settings(options).database_url)
    try:
        if migrations.current(engine) != migrations.newest():
            raise Failed("the database is of another version; run: python -m idp migrate", CONFIGURATION)
        yield SqlStorage(engine)
    finally:
        engine.dispose()


@contextmanager
def reading(options: argparse.Namespace) -> Iterator[Ports]:
    with opened(options) as storage, storage.reading() as ports:
        yield ports


@contextmanager
def writing(options: argparse.Namespace) -> Iterator[Ports]:
    with opened(options) as storage, storage.transaction() as ports:
        yield ports


def find_person(ports: Ports, pid: str) -> Person:
    if re.fullmatch(r"[0-9]{12}", pid) is None:
        raise Failed("a personal identification number has 12 digits. Find people with: python -m idp people", USAGE)
    person = ports.population.by_pid(pid)
    if person is None:
        raise Failed("nobody has this number. Find people with: python -m idp people --find TEXT", REFUSED)
    return person
