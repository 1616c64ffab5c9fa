"""Drawing numbers. Nothing here knows of HTTP."""

import random
from dataclasses import dataclass
from typing import Final

LIMIT: Final = 2**53 - 1
"""The largest whole number that every JSON parser reads exactly (RFC 8259, section 6)."""


class EmptyRangeError(ValueError):
    """No number can be drawn from a range."""


@dataclass(frozen=True)
class Range:
    """The whole numbers from `low` to `high`, both included."""

    low: int = 1
    high: int = 100

    def __post_init__(self) -> None:
        """Refuse a range with nothing in it."""
        if self.low > self.high:
            raise EmptyRangeError(f"there is no number between {self.low} and {self.high}")


def any_number(numbers: Range, source: random.Random) -> int:
    """Draw a number, each as likely as any other."""
    return source.randint(numbers.low, numbers.high)


def even_number(numbers: Range, source: random.Random) -> int:
    """Draw an even number, each as likely as any other."""
    first = numbers.low + numbers.low % 2
    last = numbers.high - numbers.high % 2
    if first > last:
        raise EmptyRangeError(f"there is no even number between {numbers.low} and {numbers.high}")
    return 2 * source.randint(first // 2, last // 2)
