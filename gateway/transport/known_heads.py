"""Answers whose head was read before, word for word: status and headers without parsing again.

A server writes the same head for each of its answers, but for `date`, which changes once a second,
and `content-length`. The parser calls back for every line of it, which takes several times as long
as looking it up. What is looked up was read by the parser: here is no second opinion on HTTP, and
whatever is not as usual (no length, two of them, more than one answer in what arrived) is not here.
"""

from __future__ import annotations

from typing import TypeAlias

Headers: TypeAlias = dict[str, str]

_END = b"\r\n\r\n"
_LENGTH_SPELLINGS = (b"\r\ncontent-length: ", b"\r\nContent-Length: ")
_LENGTH_CHARACTERS = len(_LENGTH_SPELLINGS[0])

_MAX_HEADS = 256
_MAX_HEAD_BYTES = 2048
_MAX_DIGITS = 15
"""Longer ones are the parser's to make something of."""

_Key: TypeAlias = tuple[bytes, bytes]
"""The head before and after the digits of its length."""


class KnownHeads:
    """Heads of good answers on connections that stay open, by their bytes."""

    def __init__(self) -> None:
        self._heads: dict[_Key, Headers] = {}

    def __len__(self) -> int:
        return len(self._heads)

    def read(self, data: bytes) -> tuple[Headers, int, int] | None:
        """What an answer that begins with a known head says: headers, length, start of its body."""
        found = _take_apart(data)
        if found is None:
            return None
        key, length, start = found
        headers = self._heads.get(key)
        return None if headers is None else (headers, length, start)

    def learn(self, data: bytes, body: bytes, headers: Headers) -> None:
        """Note what a parser made of `data`: one answer of status 200 with this body."""
        found = _take_apart(data)
        if found is None:
            return
        key, length, start = found
        head = b"".join(key)
        is_usual = (
            head.startswith(b"HTTP/1.1 200")
            and len(head) <= _MAX_HEAD_BYTES
            and head.lower().count(b"content-length") == 1
            and "transfer-encoding" not in headers
            and length == len(body)
            and data[start:] == body
        )
        if not is_usual:
            return
        if len(self._heads) >= _MAX_HEADS:
            self._heads.clear()  # nearly all of them have a `date` of the past
        self._heads[key] = headers


def _take_apart(data: bytes) -> tuple[_Key, int, int] | None:
    """Key, length and start of the body, where `data` begins with a head that has a length."""
    end = data.find(_END)
    if end < 0:
        return None
    at = data.find(_LENGTH_SPELLINGS[0], 0, end)
    if at < 0:
        at = data.find(_LENGTH_SPELLINGS[1], 0, end)
        if at < 0:
            return None
    at += _LENGTH_CHARACTERS
    digits_end = data.find(b"\r", at, end + 1)
    digits = data[at:digits_end]
    if not digits.isdigit() or len(digits) > _MAX_DIGITS:
        return None
    return (data[:at], data[digits_end:end]), int(digits), end + len(_END)
