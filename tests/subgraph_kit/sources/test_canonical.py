"""Canonical values: JSON-safe, exact, and stable."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subgraph_kit.sources.canonical import canonical


class Colour(Enum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Decimal("19.90"), "19.90"),
        (Decimal("1E+3"), "1000"),
        (Decimal("NaN"), None),
        (float("inf"), None),
        (True, True),
        (date(2024, 2, 29), "2024-02-29"),
        (datetime(2024, 1, 1, 12, tzinfo=timezone(timedelta(hours=2))), "2024-01-01T10:00:00Z"),
        (datetime(2024, 1, 1, 12, 0, 0, 5000), "2024-01-01T12:00:00.005000Z"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Colour.RED, "red"),
        (b"\x00\x01", "AAE="),
        ({"a": (1, Decimal("2.0"))}, {"a": [1, "2.0"]}),
    ],
)
def test_values_become_canonical(value: object, expected: object) -> None:
    assert canonical(value) == expected


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no canonical form"):
        canonical(object())


_leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.text()
    | st.floats()
    | st.decimals()
    | st.datetimes(timezones=st.just(UTC))
    | st.dates()
    | st.uuids()
    | st.binary()
)


@given(
    st.recursive(
        _leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
        max_leaves=10,
    )
)
def test_canonical_values_survive_json_and_are_already_canonical(value: object) -> None:
    made = canonical(value)
    assert json.loads(json.dumps(made, allow_nan=False)) == made
    assert canonical(made) == made


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_decimals_keep_every_digit(value: Decimal) -> None:
    assert Decimal(canonical(value)) == value
