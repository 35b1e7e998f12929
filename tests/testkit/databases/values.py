"""Random values as SQL literals, with the awkward ones among them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from random import Random
from uuid import UUID

from tests.testkit.databases.model import Dialect

_WORDS = ("", "a", "A", "ä ö", "it's", "%", "_x", "100%", ":p0", "null", "a,b", "日本", '"', "\\")
ENUM_VALUES = ("open", "in progress", "paid", "1st")
ENUM_TYPE = '"Mood Of Order"'


def random_literal(random: Random, type_: str, dialect: Dialect) -> str:
    """A literal of a type that `TYPES` has."""
    return TYPES[dialect][type_](random)


def _text(random: Random) -> str:
    text = random.choice(_WORDS) + random.choice(("", random.choice(_WORDS), str(random.random())))
    return _quoted(text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _whole(bits: int) -> Callable[[Random], str]:
    def literal(random: Random) -> str:
        bound = (1 << (bits - 1)) - 1
        return str(random.choice((0, 1, -1, bound, -bound, random.randint(-bound, bound))))

    return literal


def _small(random: Random) -> str:
    return str(random.randint(-5, 40))


def _decimal(random: Random) -> str:
    return f"{random.randint(-99999, 99999)}.{random.randint(0, 999):03d}"


def _day(random: Random) -> date:
    return date(2020, 1, 1) + timedelta(days=random.randint(-40_000, 20_000))


def _moment(random: Random) -> str:
    moment = datetime(2024, 1, 1) + timedelta(seconds=random.randint(-(10**8), 10**8))
    return moment.isoformat(sep=" ")


def _precise_moment(random: Random) -> str:
    return f"{_moment(random)}.{random.randint(0, 999999):06d}"


def _uuid(random: Random) -> str:
    return _quoted(str(UUID(int=random.getrandbits(128))))


def _json(random: Random) -> str:
    return _quoted(random.choice(('{"a": [1, 2.5, null, "x"]}', "[]", "3", '"text"', "{}")))


def _range(random: Random) -> str:
    low = random.randint(-10, 10)
    return _quoted(random.choice((f"[{low},{low + 5})", f"[{low},)", "(,)", "empty", f"(,{low})")))


def _interval(random: Random) -> str:
    return f"INTERVAL '{random.randint(-20, 20)} months {random.randint(0, 40)} days 01:02:03.5'"


def _cast(literal: Callable[[Random], str], type_: str) -> Callable[[Random], str]:
    return lambda random: f"CAST({literal(random)} AS {type_})"


def _array(literal: Callable[[Random], str], type_: str) -> Callable[[Random], str]:
    return lambda random: (
        f"CAST(ARRAY[{', '.join(literal(random) for _ in range(random.randint(0, 3)))}]"
        f" AS {type_}[])"
    )


TYPES: dict[Dialect, dict[str, Callable[[Random], str]]] = {
    "postgresql": {
        "smallint": _whole(16),
        "integer": _whole(32),
        "bigint": _whole(64),
        "numeric(12,3)": _decimal,
        "numeric": _decimal,
        "double precision": lambda random: repr(random.uniform(-1e6, 1e6)),
        "boolean": lambda random: random.choice(("true", "false")),
        "text": _text,
        "varchar(60)": _text,
        "char(6)": lambda random: _quoted(random.choice("abcXYZ") * random.randint(1, 6)),
        "uuid": _uuid,
        "date": lambda random: f"DATE '{_day(random)}'",
        "timestamp": lambda random: f"TIMESTAMP '{_precise_moment(random)}'",
        "timestamptz": lambda random: f"TIMESTAMPTZ '{_precise_moment(random)}+02'",
        "time": lambda random: f"TIME '{random.randint(0, 23):02d}:30:05.25'",
        "interval": _interval,
        "jsonb": _json,
        "bytea": lambda random: f"'\\x{random.randbytes(4).hex()}'",
        "inet": lambda random: f"'10.0.0.{random.randint(0, 255)}'",
        "int4range": _range,
        "text[]": _array(_text, "text"),
        "integer[]": _array(_small, "integer"),
        ENUM_TYPE: lambda random: _quoted(random.choice(ENUM_VALUES)),
    },
    "sqlite": {
        "INTEGER": _small,
        "BIGINT": _whole(64),
        "NUMERIC(12,3)": _decimal,
        "REAL": lambda random: repr(random.uniform(-1e6, 1e6)),
        "BOOLEAN": lambda random: random.choice(("1", "0")),
        "TEXT": _text,
        "VARCHAR(60)": _text,
        "UUID": _uuid,
        "DATE": lambda random: f"'{_day(random)}'",
        "DATETIME": lambda random: f"'{_moment(random)}'",
        "JSON": _json,
        "BLOB": lambda random: f"x'{random.randbytes(4).hex()}'",
    },
}
KEY_TYPES: dict[Dialect, tuple[str, ...]] = {
    "postgresql": (
        "smallint", "integer", "bigint", "text", "varchar(60)", "char(6)", "uuid", "date",
        "timestamptz", "numeric(12,3)",
    ),
    "sqlite": ("INTEGER", "BIGINT", "TEXT", "UUID", "DATE"),
}  # fmt: skip
"""Types that keys are made of."""
