from small_numbers import NUMBERS


def test_there_are_ten() -> None:
    assert len(NUMBERS) == 10
