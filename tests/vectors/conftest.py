"""Hypothesis searches here as it does for the floor: the same examples in every run, no clock."""

from hypothesis import settings

from tests.certs import conftest

assert conftest.settings is settings  # importing it has registered the profile
settings.load_profile("floor")
