"""The provider that the attacks on it are run against."""

from tests.idp.conftest import made, state

__all__ = ["made", "state"]
