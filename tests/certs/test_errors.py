"""The error tree: each code belongs to one class, and nobody invents another."""

import pytest

from certs.errors import CertsError, Malformed


def test_each_code_has_one_class() -> None:
    codes = [code for kind in CertsError.__subclasses__() for code in kind.codes]
    assert len(codes) == len(set(codes))
    assert len(codes) > 30


def test_a_code_outside_the_list_cannot_be_raised() -> None:
    with pytest.raises(ValueError, match="no code"):
        Malformed("expired")


def test_the_base_class_itself_has_no_code() -> None:
    with pytest.raises(ValueError, match="no code"):
        CertsError("malformed")


def test_code_and_detail_are_apart() -> None:
    error = Malformed("oversize", "9 bytes")
    assert (error.code, error.detail, str(error)) == ("oversize", "9 bytes", "oversize: 9 bytes")
    assert str(Malformed("oversize")) == "oversize"
