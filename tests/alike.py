"""What comes out the same in every test is worked out once in a process: thousands of tests put the whole provider together.

Real work with real results, kept by what went in: a page's address and its template made into functions, a private key read
and checked.
"""

import gc
import ssl
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from alembic import command
from alembic.config import Config
from cryptography.hazmat.primitives import serialization
from jinja2 import Environment
from sqlalchemy import Connection
from werkzeug.routing import Rule

_BUILDERS: dict[object, Callable[..., tuple[str, str]]] = {}
_PAGES: dict[object, Any] = {}
_SCHEMAS: dict[str, list[tuple[str, tuple[Any, ...]]]] = {}


def keep() -> None:
    _keep_addresses()
    _keep_templates()
    _keep_keys()
    _keep_roots()
    _keep_schemas()


def _keep_addresses() -> None:
    """Four tenths of the work of `create_app`."""
    compiled = Rule._compile_builder

    def builder(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        if rule.defaults:  # what they are made into is up to the rule's converters
            return compiled(rule, append_unknown)
        key = (rule.rule, tuple(rule._trace), append_unknown)
        if key not in _BUILDERS:
            _BUILDERS[key] = compiled(rule, append_unknown)
        return _BUILDERS[key]

    Rule._compile_builder = builder  # type: ignore[method-assign]


def _keep_templates() -> None:
    """Each provider has an environment of its own, and compiles each page that it shows."""
    compiled = Environment.compile

    def page(environment: Environment, source: Any, name: Any = None, filename: Any = None, *more: Any) -> Any:
        if filename is None or not isinstance(source, str) or any(more):
            return compiled(environment, source, name, filename, *more)
        key = (filename, name, source)  # a file belongs to one role, whose environments are alike
        if key not in _PAGES:
            _PAGES[key] = compiled(environment, source, name, filename)
        return _PAGES[key]

    Environment.compile = page  # type: ignore[method-assign, assignment]


def _keep_keys() -> None:
    """A quarter of `create_app` is the arithmetic that shows an RSA key to be one."""
    loaded = serialization.load_pem_private_key

    @lru_cache(1_000)
    def kept(pem: bytes) -> Any:
        return loaded(pem, password=None)

    def load(data: Any, password: Any = None, *more: Any, **named: Any) -> Any:
        if password is None and isinstance(data, bytes) and not more and not named:
            return kept(data)
        return loaded(data, password, *more, **named)

    serialization.load_pem_private_key = load


def _keep_roots() -> None:
    """The system's anchors for TLS, which each fetcher reads."""
    made = ssl.create_default_context

    @lru_cache(1)
    def kept() -> ssl.SSLContext:
        return made()

    def context(*purpose: Any, cafile: Any = None, **named: Any) -> ssl.SSLContext:
        return made(*purpose, cafile=cafile, **named) if purpose or cafile or named else kept()

    ssl.create_default_context = context


really_upgraded = command.upgrade


def _keep_schemas() -> None:
    """Two thirds of `create_app` are the steps from an empty SQLite file to the newest tables: what they leave is written down once
    in a process, and then said again. The tests of the steps take the steps (`really_upgraded`)."""

    def upgraded(config: Config, revision: str, *more: Any, **named: Any) -> None:
        connection = config.attributes.get("connection")
        if revision != "head" or more or named or connection is None or not _is_empty(connection):
            really_upgraded(config, revision, *more, **named)
            return
        place = str(config.get_main_option("script_location"))
        if place not in _SCHEMAS:
            really_upgraded(config, revision)
            _SCHEMAS[place] = _written(connection)
            return
        for statement, values in _SCHEMAS[place]:
            connection.exec_driver_sql(statement, values)

    command.upgrade = upgraded


def _is_empty(connection: Connection) -> bool:
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0


def _written(connection: Connection) -> list[tuple[str, tuple[Any, ...]]]:
    """What makes these tables, indexes and triggers, and the rows that the steps put into them."""
    found = connection.exec_driver_sql(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    ).all()
    made: list[tuple[str, tuple[Any, ...]]] = []
    for kind, name, sql in sorted(found, key=lambda row: row.type != "table"):
        if name.startswith("sqlite_"):
            continue
        made.append((sql, ()))
        if kind == "table":
            rows = connection.exec_driver_sql(f'SELECT * FROM "{name}"').all()
            made.extend((f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(row))})', tuple(row)) for row in rows)
    return made


def settle() -> None:
    """Modules and tests are there to stay: the collector need not walk over all of them again and again."""
    gc.collect()
    gc.freeze()
