"""Identifiers that begin with a hyphen, as one of 64 does, at the command lines of all roles."""

import argparse

import pytest

from certs.arguments import Parser
from idp.commands.terminal import Parser as OfTheState
from verifier.commands.terminal import Parser as OfTheVerifier

IDENTIFIERS = ["-" + "a" * 21, "-h" + "Z" * 20, "-o" + "_" * 41, "-1-" + "b" * 40]


@pytest.mark.parametrize("kind", [Parser, OfTheState, OfTheVerifier])
@pytest.mark.parametrize("identifier", IDENTIFIERS)
def test_an_identifier_is_a_value(kind: type[argparse.ArgumentParser], identifier: str) -> None:
    parser = kind()
    words = parser.add_subparsers(parser_class=kind)
    remove = words.add_parser("remove")
    remove.add_argument("kid")
    remove.add_argument("-o", "--output")
    assert parser.parse_args(["remove", identifier]).kid == identifier
    given = parser.parse_args(["remove", "-o", identifier, identifier])
    assert (given.output, given.kid) == (identifier, identifier)


@pytest.mark.parametrize("word", ["-x", "--unknown", "-unknown", "--" + "a" * 30])
def test_what_looks_like_an_option_is_one(word: str) -> None:
    parser = OfTheState()
    parser.add_argument("kid")
    with pytest.raises(SystemExit):
        parser.parse_args([word])
    assert parser.parse_args(["--", word]).kid == word
