"""The laws of the house, read from the source itself. A law that cannot fail is no law: see `test_each_law_can_fail`."""

import ast
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROLES = ("idp", "wallet", "verifier")
OURS = ("certs", *ROLES)
FILES = sorted(path for top in OURS for path in (ROOT / top).rglob("*.py"))

# Layers of the floor: a module may import modules of a lower number only, or of its own where they form no cycle.
FLOOR = {
    "comma": 0,
    "arguments": 0,
    "errors": 0,
    "log": 0,
    "encoding": 1,
    "documents": 1,
    "transliteration": 1,
    "catalogue": 1,
    "cbor": 2,
    "jwk": 2,
    "keys": 2,
    "fetch": 2,
    "jose": 3,
    "jwe": 3,
    "cose": 3,
    "crl": 4,
    "x509": 4,
    "profiles": 4,
    "authority": 4,
    "proof": 4,
    "dpop": 4,
    "logout_token": 4,
    "pkcs11": 4,
    "rotation": 5,
    "desk": 5,
    "roots": 5,
    "doctor": 7,
    "doctor_command": 8,
    "rotate_command": 8,
    "device": 4,
    "qr_text": 2,
    "qr": 4,
    "lote": 5,
    "trust": 5,
    "trust_delta": 5,
    "status_list": 4,
    "status": 5,
    "formats": 6,
    "query": 6,
    "challenge": 6,
    "bundle": 6,
    "delta": 6,
    "vectors": 7,
    "__main__": 8,
}

# Law 2: framework -> the places that may import it.
FRAMEWORKS = {
    "flask": ("*/web/*", "*/app.py", "verifier/login/flask.py"),
    "django": ("verifier/login/django.py",),
    "fastapi": ("verifier/login/fastapi.py",),
    "starlette": ("verifier/login/fastapi.py",),
    "werkzeug": ("*/web/*", "*/app.py", "verifier/login/flask.py"),
    "jinja2": ("*/web/*", "*/app.py"),
    "sqlalchemy": ("*/storage/*",),
    "flask_sqlalchemy": ("*/storage/*",),
    "alembic": ("*/storage/*",),
    "redis": ("*/storage/*",),
    "sqlite3": ("*/storage/*", "verifier/login/kept_file.py"),
    "authlib": ("idp/oidc/clients/registration.py", "idp/oidc/discovery.py", "wallet/login.py", "verifier/login/*"),
    "jwt": ("certs/jose.py",),
    # Three reasons: the floor's JWE is made of it; Authlib raises its errors, which registration catches; and the two
    # relying parties verify the id_token with Authlib and joserfc on purpose, not with certs/jose.py, which our provider
    # signs with: an independent check on it, so that one fault cannot hide on both sides.
    "joserfc": (
        "certs/jwe.py",
        "idp/oidc/clients/registration.py",
        "wallet/login.py",
        "verifier/login/*",
    ),
    "fido2": ("idp/login/passkey/*",),
    "fpdf": ("idp/issuance/paper.py",),
    "ttf_opensans": ("idp/issuance/paper.py",),
    "argon2": ("idp/login/hashing.py", "verifier/staff/password.py"),
    "granian": (),
    "pyarrow": ("idp/registries/importing/parquet.py", "verifier/batch/parquet.py"),
    "pkcs11": ("certs/pkcs11.py",),
}
SOCKETS = ("socket", "ssl", "httpx", "httpcore", "requests", "urllib.request", "http.client", "urllib3")
# Law 6: the guarded client alone connects; the keeper of the demo's processes looks whether a port is free.
SOCKET_PLACES = ("certs/fetch.py", "idp/processes.py")
CLOCK = {("time", "time"), ("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "monotonic")}
CLOCK_PLACES = (
    "*/web/*",
    "*/app.py",
    "*/__main__.py",
    "idp/commands/*",
    "verifier/commands/*",
    "idp/demo.py",
    "idp/processes.py",
    "certs/fetch.py",
    "verifier/keeper.py",
    "verifier/login/flask.py",
    "verifier/login/django.py",
    "verifier/login/fastapi.py",
)
BASE_INSTALL = (
    "certs/*",
    *(f"verifier/{room}*.py" for room in ("", "batch/", "commands/", "foreign/", "policy/", "staff/")),
)
# Encryption is joserfc's, which comes with the extra `web`: a check of documents decrypts nothing, and its install stays small.
NOT_BASE = (
    "certs/jwe.py",
    "verifier/app.py",
    "verifier/config.py",
    "verifier/request.py",  # an answer comes encrypted
    "verifier/answer.py",
    "verifier/response.py",
)
EXTRAS = {
    "flask",
    "authlib",
    "joserfc",
    "sqlalchemy",
    "flask_sqlalchemy",
    "alembic",
    "granian",
    "fido2",
    "fpdf",
    "ttf_opensans",
}
NOT_BASE_MODULES = (
    "certs.jwe",
    "verifier.web",
    "verifier.app",
    "verifier.login",
    "verifier.request",
    "verifier.answer",
    "verifier.response",
)
# Law 5: the doors to optional extras, and what comes in by them.
DOORS = {
    "idp/issuance/paper.py:pdf": "fpdf2: 300 ms of start-up, for those alone who print",
    "idp/storage/redis.py:connect": "redis: 150 ms of start-up, for those alone who use it",
    "idp/registries/importing/parquet.py:opened": "pyarrow: an optional extra, 200 ms and 50 MB, for Parquet alone",
    "verifier/batch/parquet.py:_arrow": "pyarrow: an optional extra, for Parquet alone",
    "verifier/staff/password.py:_argon2": "argon2: an optional extra, for a counter with accounts alone",
    "certs/pkcs11.py:_bindings": "pkcs11: an optional extra, for those alone whose keys are in a token",
}
REFUSED_NAMES = {"utils", "helpers", "misc", "common", "services", "manager"}
# Law 8: what is longer, and why.
LONG_FILES = {
    "idp/model.py": "data: the nouns of every rule, on one page",
    "idp/ports.py": "every verb that the state's rules ask of storage, on one page",
    "idp/storage/tables.py": "data: one list of tables",
    "verifier/reasons.py": "data: one sentence a code, in two languages",
}
LONG_FUNCTIONS = {
    "idp/storage/migrations/versions/0001_first_tables.py:upgrade": "a migration is one list of tables",
}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def matches(path: Path, patterns: tuple[str, ...]) -> bool:
    name = path.relative_to(ROOT)
    return any(
        name.match(pattern)
        or any(parent.match(pattern.removesuffix("/*")) for parent in name.parents if pattern.endswith("/*"))
        for pattern in patterns
    )


def imports(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that is imported below `node`; `from a import b` counts as a and as a.b."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield alias.name, child.lineno
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield child.module or "", child.lineno
            for alias in child.names:
                yield f"{child.module}.{alias.name}", child.lineno


def under(module: str, top: str) -> bool:
    return module == top or module.startswith(top + ".")


def law_1(path: Path) -> Iterator[str]:
    """A role imports itself and the floor; the floor imports none of ours."""
    own = name_of(path).split("/")[0]
    for module, line in imports(tree(path)):
        top = module.split(".")[0]
        if top in OURS and top not in (own, "certs"):
            yield f"line {line}: {own} imports {module}"


def law_2(path: Path) -> Iterator[str]:
    """Frameworks stay at the edge."""
    for module, line in imports(tree(path)):
        for framework, places in FRAMEWORKS.items():
            if under(module, framework) and not matches(path, places):
                yield f"line {line}: {module} does not belong here"


def law_3(path: Path) -> Iterator[str]:
    """The base install needs no extra."""
    if not matches(path, BASE_INSTALL) or matches(path, NOT_BASE) or "/web/" in name_of(path):
        return
    for module, line in imports(tree(path)):
        if module.split(".")[0] in EXTRAS or any(under(module, room) for room in NOT_BASE_MODULES):
            yield f"line {line}: {module} is not in the base install"


def law_4_floor(path: Path) -> Iterator[str]:
    """Inside the floor imports run downward."""
    module = module_of(path)
    if not module.startswith("certs."):
        return
    for imported, line in imports(tree(path)):
        parts = imported.split(".")
        known = parts[0] == "certs" and len(parts) > 1 and parts[1] in FLOOR and not under(imported, module)
        if known and FLOOR[parts[1]] > FLOOR[module.split(".")[1]]:
            yield f"line {line}: {module} imports {imported}"


def law_4_rules(path: Path) -> Iterator[str]:
    """Rules know neither web nor storage; `app.py` and the commands alone know every room."""
    role, *rest = name_of(path).split("/")
    if role == "certs" or rest[0] in ("web", "storage", "app.py", "__main__.py", "commands", "demo.py", "__init__.py"):
        return
    for module, line in imports(tree(path)):
        if under(module, f"{role}.web") or under(module, f"{role}.storage"):
            yield f"line {line}: a rule imports {module}"


def law_5(path: Path) -> Iterator[str]:
    """No imports inside functions, but for the doors."""
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if list(imports(node)) and f"{name_of(path)}:{node.name}" not in DOORS:
            yield f"line {node.lineno}: import inside {node.name}"


def law_6_sockets(path: Path) -> Iterator[str]:
    """Sockets only in certs/fetch.py. Authlib's client speaks httpx: its two files hand it the guarded transport."""
    for module, line in imports(tree(path)):
        opens = any(under(module, name) for name in SOCKETS)
        handed = under(module, "httpx") and matches(path, ("wallet/login.py", "verifier/login/exchange.py"))
        if opens and not handed and not matches(path, SOCKET_PLACES):
            yield f"line {line}: {module} opens sockets"


def law_6_clock(path: Path) -> Iterator[str]:
    """The clock is read only at the edges."""
    if matches(path, CLOCK_PLACES):
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if ((owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")), node.func.attr) in CLOCK:
                yield f"line {node.lineno}: reads the clock"


def law_7(path: Path) -> Iterator[str]:
    """The environment is read only in `config.py`."""
    if path.name == "config.py":
        return
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}:
            yield f"line {node.lineno}: reads the environment"


def law_8(path: Path) -> Iterator[str]:
    """Files above 300 lines and functions above 40 (without their docstring) say why."""
    lines = path.read_text(encoding="utf-8").count("\n")
    if lines > 300 and name_of(path) not in LONG_FILES:
        yield f"{lines} lines: split it, or say why in LONG_FILES"
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            if ast.get_docstring(node):
                length -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            if length > 40 and f"{name_of(path)}:{node.name}" not in LONG_FUNCTIONS:
                yield f"{node.name} has {length} lines: split it, or say why in LONG_FUNCTIONS"


def names(path: Path) -> Iterator[str]:
    """No refused name; the first docstring line says what the file is for."""
    if path.stem in REFUSED_NAMES or path.parent.name in REFUSED_NAMES:
        yield "refused name"
    if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(tree(path)):
        yield "no docstring"


def only_formats_make_verified(path: Path) -> Iterator[str]:
    """`Verified` is made in certs/formats/ alone, and that of other frameworks in verifier/foreign/."""
    for seal, room in (("certs.formats.SEAL", "certs/formats/"), ("verifier.foreign.model.SEAL", "verifier/foreign/")):
        if any(module == seal for module, _ in imports(tree(path))) and room not in name_of(path):
            yield "could forge Verified"


def no_insecure_name(path: Path) -> Iterator[str]:
    """No `plain` PKCE, no password or implicit grant, in any spelling that could be switched on."""
    keyed = (
        name_of(path) == "idp/oidc/profiles.py"
    )  # client_secret_jwt: the one table where an algorithm has a shared key
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and node.value in ("plain", "implicit", *(() if keyed else ("HS256",))):
            yield f"line {node.lineno}: {node.value}"


LAWS = (
    law_1,
    law_2,
    law_3,
    law_4_floor,
    law_4_rules,
    law_5,
    law_6_sockets,
    law_6_clock,
    law_7,
    law_8,
    names,
    only_formats_make_verified,
    no_insecure_name,
)


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
def test_law(law: Callable[[Path], Iterator[str]]) -> None:
    broken = [f"{name_of(path)}: {what}" for path in FILES for what in law(path)]
    assert not broken, f"{law.__doc__}\n" + "\n".join(broken)


def test_no_import_cycles() -> None:
    modules = {module_of(path): path for path in FILES}
    graph = {
        module: {name for name, _ in imports(tree(path)) if name in modules and name != module}
        for module, path in modules.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"cycle: {' -> '.join((*trail, module))}"
        if module not in done:
            for imported in sorted(graph[module]):
                visit(imported, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


@pytest.mark.parametrize(("name", "roles"), [("base.css", ROLES), ("js/code-worker.js", ("verifier", "wallet"))])
def test_what_roles_share_on_their_pages_is_one_file(name: str, roles: tuple[str, ...]) -> None:
    assert len({(ROOT / role / "web/static" / name).read_bytes() for role in roles}) == 1


BAD = (
    """
import flask, socket, os
from verifier import result
from idp.web import login
from certs.formats import SEAL
def long(now=time.time(), home=os.environ, method="plain"):
    import json
"""
    + "    x = 1\n" * 300
)


def test_each_law_can_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    for folder, law in [("idp/oidc", law) for law in LAWS if law not in (law_3, law_4_floor)] + [
        ("verifier", law_3),
        ("certs", law_4_floor),
    ]:
        path = tmp_path / folder / "misc.py" if law is not law_4_floor else tmp_path / "certs" / "cbor.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BAD)
        assert list(law(path)), f"{law.__name__} found nothing wrong with a file that breaks every law"
