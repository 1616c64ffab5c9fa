"""Reading the query of a request."""

import re
from typing import Final
from urllib.parse import parse_qsl

from numbers_api.draw import LIMIT, Range

WHOLE_NUMBER: Final = re.compile(r"-?[0-9]{1,16}", re.ASCII)


class QueryError(ValueError):
    """A query that cannot be understood."""


def read_range(query: str) -> Range:
    """Read `min` and `max`; what is not given has the default of `Range`."""
    values: dict[str, int] = {}
    for name, text in _pairs(query):
        if name not in ("min", "max"):
            raise QueryError(f"there is no parameter {name!r}; there are 'min' and 'max'")
        if name in values:
            raise QueryError(f"{name!r} is given twice")
        values[name] = _whole_number(name, text)
    defaults = Range()
    return Range(values.get("min", defaults.low), values.get("max", defaults.high))


def refuse_parameters(query: str) -> None:
    """Refuse whatever is asked for where there is nothing to ask for."""
    for name, _ in _pairs(query):
        raise QueryError(f"there is no parameter {name!r}")


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=10)
    except ValueError as error:
        raise QueryError("there are too many parameters") from error


def _whole_number(name: str, text: str) -> int:
    if not WHOLE_NUMBER.fullmatch(text):
        raise QueryError(f"{name!r} is {text[:40]!r}, which is not a whole number")
    value = int(text)
    if abs(value) > LIMIT:
        raise QueryError(f"{name!r} is {value}; numbers from {-LIMIT} to {LIMIT} are possible")
    return value
