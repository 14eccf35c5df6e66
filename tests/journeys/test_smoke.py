"""The main job from outside, once: what `make smoke` runs."""

import re

import pytest

from tests import smoke

LINE = re.compile(r"smoke: ok · start \d+\.\d s · log-in \d+ ms · QR v(\d+) · check \d+ µs\n")


def test_the_main_job(capsys: pytest.CaptureFixture[str]) -> None:
    code = smoke.main()
    out, err = capsys.readouterr()
    assert code == 0, err
    line = LINE.fullmatch(out)
    assert line is not None, out
    assert int(line[1]) <= 19


def test_the_main_job_over_https(capsys: pytest.CaptureFixture[str]) -> None:
    code = smoke.main(tls=True)
    out, err = capsys.readouterr()
    assert code == 0, err
    assert out.startswith("smoke: ok · https · start "), out


def test_a_failing_step_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smoke, "QR_LIMIT", 1)
    assert smoke.main() == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("smoke: failed at: show the licence\n")
