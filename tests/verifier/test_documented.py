"""What whoever installs the library reads first: each public name says what it is, in words of its own."""

import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

import verifier
from verifier import REASONS, login
from verifier.__main__ import NOUNS, main


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """Its own methods and properties."""
    for name, value in vars(kind).items():
        inner = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
        if not name.startswith("_") and inspect.isfunction(inner):
            yield name, inner


@pytest.mark.parametrize("module", [verifier, login])
def test_every_public_name_is_documented(module: ModuleType) -> None:
    for name in module.__all__:
        value = getattr(module, name)
        if not inspect.isclass(value) and not inspect.isfunction(value):
            continue
        told = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
        # A dataclass without words has its signature for them.
        assert told and not told.startswith((f"{name}(", "Enum where")), name
        if inspect.isclass(value):
            assert [each for each, inner in members(value) if not inner.__doc__] == [], name


def test_constants_stand_in_the_words_of_the_module() -> None:
    values = [name for name in verifier.__all__ if not callable(getattr(verifier, name))]
    assert {"ADULT", "DEFAULT", "REASONS"} == set(values)
    assert all(f"`{name}`" in str(verifier.__doc__) for name in values)


def test_the_verdicts_say_their_shape_and_their_errors() -> None:
    for words, value in (
        (("Unix seconds",), verifier.Verified),
        (("Unix seconds",), verifier.TrustAge),
        (("`code`", "REASONS", "`advice`"), verifier.Rejected),
        (("status_stale", "clock_unreliable"), verifier.Undetermined),
        (("SHA-256", "Raises OSError", "CertsError"), verifier.Verifier.from_bundle),
        (("Rejected", "PolicyError", "`conversation`"), verifier.Verifier.verify),
        (("seconds", "PolicyError", "audience"), verifier.Policy),
        (("Unix seconds", "OnceFull"), verifier.Once.once),
    ):
        assert all(each in str(inspect.getdoc(value)) for each in words), value


def test_every_code_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    for code, reason in REASONS.items():
        assert main(["explain", code]) == 0
        told = capsys.readouterr().out
        for text in (reason.sentence, reason.advice):
            assert text.vi in told and text.en in told, code
    assert main(["explain"]) == 0
    told = capsys.readouterr().out
    assert all(code in told for code in REASONS)


def test_every_command_is_named_with_its_exit_codes() -> None:
    module = inspect.getmodule(main)
    assert module is not None
    for noun in NOUNS:
        assert f"python -m verifier {noun.__name__.rpartition('.')[2]}" in str(module.__doc__)
