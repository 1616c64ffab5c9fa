"""Drawing numbers."""

import random
import unittest

from numbers_api.draw import LIMIT, EmptyRangeError, Range, any_number, even_number


class Draw(unittest.TestCase):
    """Which numbers come, with a frozen source of randomness."""

    def setUp(self) -> None:
        """Draw the same numbers in every run."""
        self.source = random.Random(7)  # noqa: S311

    def test_both_ends_of_a_range_are_drawn_and_nothing_beyond(self) -> None:
        """A die has six sides."""
        drawn = {any_number(Range(1, 6), self.source) for _ in range(200)}
        self.assertEqual(drawn, {1, 2, 3, 4, 5, 6})

    def test_all_even_numbers_of_a_range_are_drawn_and_no_odd_ones(self) -> None:
        """Whether or not the range begins and ends with one, on either side of zero."""
        table = [
            (Range(1, 6), {2, 4, 6}),
            (Range(2, 7), {2, 4, 6}),
            (Range(-3, 3), {-2, 0, 2}),
            (Range(4, 4), {4}),
            (Range(-5, -3), {-4}),
        ]
        for numbers, expected in table:
            with self.subTest(numbers):
                drawn = {even_number(numbers, self.source) for _ in range(200)}
                self.assertEqual(drawn, expected)

    def test_a_range_without_a_number_is_refused(self) -> None:
        """There is nothing to draw."""
        with self.assertRaises(EmptyRangeError):
            Range(2, 1)
        for odd in (-3, 3):
            with self.assertRaises(EmptyRangeError):
                even_number(Range(odd, odd), self.source)

    def test_large_numbers_stay_exact(self) -> None:
        """No detour over floating point."""
        self.assertEqual(any_number(Range(LIMIT, LIMIT), self.source), LIMIT)
        self.assertEqual(even_number(Range(LIMIT - 1, LIMIT), self.source), LIMIT - 1)
