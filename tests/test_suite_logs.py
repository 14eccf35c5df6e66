"""That the ear for what the suite logs hears, and knows what may not be said (attacks OP-35); `conftest.suite_log` is the ear."""

import logging

import pytest

from certs.log import event
from tests import leaks, world_idp
from tests.conftest import CONSTANT
from tests.leaks import Collector


def test_op_35_the_suite_is_heard(suite_log: Collector) -> None:
    event(logging.getLogger("idp.sample"), logging.INFO, "heard")
    assert "heard" in suite_log.said[-1]


@pytest.mark.parametrize(
    "text",
    [
        "999203001234",
        "pid 999 203 001 234",
        "eyJhbGciOiJub25lIn0",
        "VN1:ABC",
        "/callback?code=x",
        "Wq3v9sT0kD2bXy7LmN5pQr8uVw1zAaBbCcDdEeFfGg0",
        "a@example.vn",
        world_idp.PASSWORD,
    ],
)
def test_op_35_each_kind_of_leak_would_be_seen(text: str) -> None:
    collector, logger = Collector(), logging.getLogger("sample.leak")
    logger.addHandler(collector)
    try:
        event(logger, logging.WARNING, "error_page", cause=f"it was {text} there")
    finally:
        logger.removeHandler(collector)
    assert leaks.found(collector.said[0], CONSTANT)
