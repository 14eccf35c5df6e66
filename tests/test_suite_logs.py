"""What our own rooms logged during the whole run, looked at when all other tests are over (attacks OP-35)."""

import logging

import pytest

from certs.log import event
from tests import leaks, world_idp
from tests.leaks import Collector

CONSTANT = (world_idp.PASSWORD, world_idp.SECRET, world_idp.VERIFIER, world_idp.STATE, world_idp.NONCE)


def test_op_35_the_suite_logged_no_secret(suite_log: Collector, request: pytest.FixtureRequest) -> None:
    pages_were_asked = any(item.nodeid.startswith("tests/idp/web/") for item in request.session.items)
    assert suite_log.said or not pages_were_asked, "nothing was heard: the ear is deaf"
    bad = {line: hits for line in set(suite_log.said) if (hits := leaks.found(line, CONSTANT))}
    assert not bad, "\n".join(f"{hits}: {line}" for line, hits in list(bad.items())[:20])


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
