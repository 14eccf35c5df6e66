"""What comes out the same in every test is worked out once in a process: thousands of tests put the whole provider together.

Real work with real results, kept by what went in: a page's address and its template made into functions, a private key read
and checked.
"""

import gc
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import serialization
from jinja2 import Environment
from werkzeug.routing import Rule

_BUILDERS: dict[object, Callable[..., tuple[str, str]]] = {}
_PAGES: dict[object, Any] = {}


def keep() -> None:
    _keep_addresses()
    _keep_templates()
    _keep_keys()


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


def settle() -> None:
    """Modules and tests are there to stay: the collector need not walk over all of them again and again."""
    gc.collect()
    gc.freeze()
