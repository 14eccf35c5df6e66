"""`serve`: the verifier as JSON over HTTP, for systems of the house. It is described at /openapi.json.

python -m verifier serve --bundle FILE [--from URL --root SHA256] [--policies DIR] [--tokens FILE] [--port 5003]
"""

import argparse
import os
import secrets
import sys
from pathlib import Path
from urllib.parse import urlsplit

from verifier import config
from verifier.commands import asking
from verifier.commands.terminal import UsageError, Words, command
from verifier.config import LOOPBACK, ConfigError

FACTORY = "verifier.app:create_service_from_environment"
THREADS = 4


def add(words: Words) -> None:
    serve = command(words, "serve", run, "verdicts as JSON over HTTP, for systems of the house")
    asking.add_trust(serve)
    serve.add_argument(
        "--from", dest="url", metavar="URL", help="where newer trust data comes from; else the file is read again"
    )
    serve.add_argument("--refresh", type=int, metavar="SECONDS", default=60, help="how often (default: 60)")
    serve.add_argument(
        "--tokens", type=Path, metavar="FILE", help="who may ask: bearer tokens, one a line; made where there is none"
    )
    serve.add_argument("--policies", type=Path, metavar="DIR", help="your own policies: NAME.toml")
    serve.add_argument(
        "--foreign", type=Path, metavar="DIR", help="anchors of foreign documents: anchors.toml and its files"
    )
    serve.add_argument("--once", type=Path, metavar="FILE", help="what was used up is remembered there")
    serve.add_argument("--host", default="127.0.0.1", help="another one needs --certificate and --key")
    serve.add_argument("--port", type=int, default=5003)
    serve.add_argument("--url", dest="own", metavar="URL", help="how it is reached from outside, behind a proxy")
    serve.add_argument("--certificate", type=Path, help="TLS certificate (PEM)")
    serve.add_argument("--key", type=Path, help="its key (PEM)")
    serve.add_argument("--ca-bundle", metavar="FILE", help="TLS roots in place of the system's")
    serve.add_argument("--workers", type=int, default=1, help="processes (default: 1)")


def run(options: argparse.Namespace) -> int:
    """Becomes the server: its signals and its exit code are the server's."""
    if bool(options.certificate) != bool(options.key):
        raise UsageError("--certificate and --key belong together")
    if options.host not in LOOPBACK and not options.certificate:
        raise UsageError("--host: beyond this machine --certificate and --key are needed")
    environment = config.for_child(_settings(options))
    tokens = Path(environment["VERIFIER_TOKENS"])
    if not tokens.exists():
        _first_token(tokens)
    try:
        config.tokens(tokens)
        config.policies(options.policies)
        config.anchors(options.foreign)
        config.service_from_environment(environment)
    except ConfigError as error:
        raise UsageError(str(error)) from error
    print(
        f"{environment['VERIFIER_URL']}/openapi.json · Authorization: Bearer $(head -n 1 {tokens})",
        file=sys.stderr,
        flush=True,
    )
    os.execve(sys.executable, _server(options), environment)  # noqa: S606 - our own interpreter with our own arguments


def _settings(options: argparse.Namespace) -> dict[str, str]:
    scheme = "https" if options.certificate else "http"
    beside = options.bundle.resolve().parent
    given = {
        "VERIFIER_URL": options.own or f"{scheme}://{options.host}:{options.port}",
        "VERIFIER_BUNDLE": options.bundle,
        "VERIFIER_BUNDLE_URL": options.url,
        "VERIFIER_ROOT_SHA256": options.root,
        "VERIFIER_REFRESH": options.refresh,
        "VERIFIER_TOKENS": options.tokens or beside / "tokens",
        "VERIFIER_POLICIES": options.policies,
        "VERIFIER_FOREIGN": options.foreign,
        "VERIFIER_ONCE": options.once or beside / "once.sqlite",
        "VERIFIER_CA_BUNDLE": options.ca_bundle,
        "VERIFIER_SIMULATION": "1" if options.url and urlsplit(options.url).hostname in LOOPBACK else None,
    }
    return {name: "" if value is None else str(value) for name, value in given.items()}


def _first_token(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    print(f"{path}: a first token was made", file=sys.stderr)


def _server(options: argparse.Namespace) -> list[str]:
    named = {
        "--interface": "wsgi",
        "--host": options.host,
        "--port": options.port,
        "--workers": options.workers,
        "--blocking-threads": THREADS,
        "--log-level": "warning",
    }
    if options.certificate:
        named |= {"--ssl-certificate": options.certificate, "--ssl-keyfile": options.key}
    listed = [part for name, value in named.items() for part in (name, str(value))]
    return [sys.executable, "-m", "granian", "--factory", "--no-ws", "--no-access-log", *listed, FACTORY]
