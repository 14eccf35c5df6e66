"""How the tests say that the floor refuses: by the one stable code, never by some exception or other."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from certs.errors import CertsError


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(CertsError) as caught:
        yield
    assert caught.value.code == code, repr(caught.value)
