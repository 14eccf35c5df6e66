"""What is waited for before copies are signed: one hold of a subject, lifted once."""

from idp.model import Ground, Hold
from idp.ports import Storage
from tests.contract.rows import NOW

LOOK = Hold("licence-1", Ground.REVIEW, NOW, "clerk")
AWAY = Hold("kind:driving_licence", Ground.REGISTER, NOW - 5, "clerk")


def test_one_hold_of_a_subject_lifted_once(storage: Storage) -> None:
    with storage.transaction() as ports:
        assert ports.holds.put(LOOK) and ports.holds.put(AWAY)
        assert not ports.holds.put(Hold("licence-1", Ground.REVIEW, NOW + 1, "another"))
    with storage.reading() as ports:
        assert ports.holds.all() == (AWAY, LOOK)
        assert ports.holds.of(("licence-1", "kind:health_record")) == (LOOK,)
        assert set(ports.holds.of(("licence-1", "kind:driving_licence"))) == {LOOK, AWAY}
        assert ports.holds.of(("licence-2",)) == () and ports.holds.of(()) == ()
    with storage.transaction() as ports:
        assert ports.holds.lift("licence-1") == LOOK
        assert ports.holds.lift("licence-1") is None
    with storage.transaction() as ports:
        assert ports.holds.all() == (AWAY,)
        assert ports.holds.put(LOOK)


def test_what_is_rolled_back_is_not_held(storage: Storage) -> None:
    try:
        with storage.transaction() as ports:
            ports.holds.put(LOOK)
            raise RuntimeError
    except RuntimeError:
        pass
    with storage.reading() as ports:
        assert ports.holds.all() == ()
