"""Single-use values: codes, nonces, transactions."""

from idp.ports import Storage
from tests.contract.rows import NOW


def put(storage: Storage, value: str = "code", *, expires: int = NOW + 60) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("code", value, {"grant": "g", "scopes": ["openid"]}, expires=expires)


def test_what_was_put_is_read_until_it_expires(storage: Storage) -> None:
    put(storage)
    with storage.reading() as ports:
        assert ports.ephemeral.read("code", "code", now=NOW + 59) == {"grant": "g", "scopes": ["openid"]}
        assert ports.ephemeral.read("code", "code", now=NOW + 60) is None
        assert ports.ephemeral.read("code", "other", now=NOW) is None


def test_a_value_is_unknown_under_any_other_purpose(storage: Storage) -> None:
    put(storage)
    with storage.transaction() as ports:
        assert ports.ephemeral.read("nonce", "code", now=NOW) is None
        assert ports.ephemeral.take("nonce", "code", now=NOW) is None
        assert ports.ephemeral.once("nonce", "code", expires=NOW + 60)


def test_purpose_and_value_do_not_run_into_one_another(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("a", "bc", {}, expires=NOW + 60)
        assert ports.ephemeral.take("ab", "c", now=NOW) is None


def test_the_second_taker_is_told_what_it_was(storage: Storage) -> None:
    put(storage)
    with storage.transaction() as ports:
        first = ports.ephemeral.take("code", "code", now=NOW)
    with storage.transaction() as ports:
        second = ports.ephemeral.take("code", "code", now=NOW + 59)
        late = ports.ephemeral.take("code", "code", now=NOW + 60)
        assert ports.ephemeral.read("code", "code", now=NOW) is None
    assert first is not None and not first.again
    assert second is not None and second.again
    assert first.payload == second.payload == {"grant": "g", "scopes": ["openid"]}
    assert late is None


def test_an_empty_payload_is_a_payload(storage: Storage) -> None:
    with storage.transaction() as ports:
        ports.ephemeral.put("nonce", "n", {}, expires=NOW + 60)
        taken = ports.ephemeral.take("nonce", "n", now=NOW)
    assert taken is not None and taken.payload == {} and not taken.again


def test_once_is_true_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        answers = [ports.ephemeral.once("jti", "x", expires=NOW + 60) for _ in range(3)]
    with storage.transaction() as ports:
        answers.append(ports.ephemeral.once("jti", "x", expires=NOW + 60))
    assert answers == [True, False, False, False]


def test_sweep_removes_what_expired_and_nothing_else(storage: Storage) -> None:
    put(storage, "old", expires=NOW)
    put(storage, "young", expires=NOW + 1)
    with storage.transaction() as ports:
        assert ports.ephemeral.sweep(now=NOW) == 1
        assert ports.ephemeral.sweep(now=NOW) == 0
        assert ports.ephemeral.read("code", "young", now=NOW) is not None


def test_what_a_caller_does_to_a_payload_stays_with_the_caller(storage: Storage) -> None:
    payload = {"list": ["a"]}
    with storage.transaction() as ports:
        ports.ephemeral.put("code", "c", payload, expires=NOW + 60)
    payload["list"].append("b")
    with storage.reading() as ports:
        assert ports.ephemeral.read("code", "c", now=NOW) == {"list": ["a"]}
