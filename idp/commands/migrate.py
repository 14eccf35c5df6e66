"""`migrate`: the database to the version of this code."""

import argparse

from idp.commands.opening import settings
from idp.commands.terminal import Words, command, show
from idp.storage import migrations
from idp.storage.engine import open_engine


def add(words: Words) -> None:
    command(words, "migrate", _migrate, "bring the database to the version of this code")


def _migrate(options: argparse.Namespace) -> int:
    engine = open_engine(settings(options).database_url)
    try:
        before = migrations.current(engine)
        migrations.upgrade(engine)
        return show([{"before": before or "empty", "now": migrations.current(engine)}], options)
    finally:
        engine.dispose()
