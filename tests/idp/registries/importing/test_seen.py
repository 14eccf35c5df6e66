"""The numbers of a nation in little memory."""

import random
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from idp.registries.importing.seen import Numbers, Seen


@given(st.lists(st.integers(0, 2**64 - 1), max_size=50), st.integers(0, 2**64 - 1))
def test_a_set_of_numbers(held: list[int], other: int) -> None:
    numbers = Numbers()
    for number in held:
        numbers.add(number)
    assert all(number in numbers for number in held)
    assert (other in numbers) == (other in held)


def test_many_numbers_are_found_in_every_run() -> None:
    dice, numbers = random.Random(7), Numbers()
    held = [dice.getrandbits(64) for _ in range(20_000)]
    for number in held:
        numbers.add(number)
    assert all(number in numbers for number in held)
    assert not any(dice.getrandbits(64) in numbers for _ in range(20_000))


def test_a_number_costs_a_few_bytes() -> None:
    numbers, many = Numbers(), 100_000
    tracemalloc.start()
    try:
        for number in range(many):
            numbers.add(number * 7_919)
        assert tracemalloc.get_traced_memory()[0] < 12 * many
    finally:
        tracemalloc.stop()


def test_the_same_another_and_nobody() -> None:
    seen = Seen()
    assert seen.find("001196000346", "a") is None
    seen.add("001196000346", "a")
    assert seen.find("001196000346", "a") is True
    assert seen.find("001196000346", "b") is False
    assert seen.find("001196000347", "a") is None
