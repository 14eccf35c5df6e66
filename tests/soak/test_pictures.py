"""All 1,216 distorted pictures: at least nine in ten are read, and none as something else. `make soak`; a minute."""

from collections import Counter

import pytest

from tests.distorted import DISTORTIONS, cases
from verifier import scan

pytestmark = pytest.mark.soak


def test_distorted_pictures() -> None:
    read: Counter[tuple[str, float]] = Counter()
    wrong = []
    for each in cases():
        found = scan.texts(each.picture())
        read[each.kind, each.amount] += found == (each.text,)
        if found not in ((), (each.text,)):
            wrong.append(each.name)
    share = read.total() / 1216
    print(f"\n{read.total()} of 1216 read ({share:.1%}), {len(wrong)} wrong; of 64 each:")
    print(", ".join(f"{kind} {amount:g}: {read[kind, amount]}" for kind, amount in DISTORTIONS))
    assert not wrong
    assert share >= 0.9
