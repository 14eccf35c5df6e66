"""The provider that the attacks on it are run against."""

from tests.idp.conftest import made, made_on_server, state

__all__ = ["made", "made_on_server", "state"]
