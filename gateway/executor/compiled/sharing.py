"""Equal objects at a place become one, where answers repeat themselves.

Many reviews are of one product: the same objects come again and again, and each copy would be
decoded, completed, looked at by every later fetch, and encoded. Where the answer is cut at a place
(`Cuts`), its objects are left as bytes until it is known whether the same bytes were there before.
Only the first is decoded, and stands for all; everything after that is done once. Equal bytes are
equal objects, and these stay equal: whatever else they get follows from what they are.

Of objects that stand in very many places, the text is made once, too: when the response is whole,
all of such an object but the name of its first field becomes one raw value (`write_text_function`).

Where nothing repeats, cutting costs as much again as decoding. So `SharingMerge` cuts at all places
now and then, counts, and until it counts again cuts where that pays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gateway.executor.compiled.layout import Place
from gateway.executor.compiled.outcome import NotCompilableError

USES_BETWEEN_COUNTS = 63

SHARE_FROM_BYTES = 1024
"""Of shorter answers, repetition is not looked for: to find it would cost more than it saves."""

_REPETITIONS_WORTH_A_CUT = 3
"""How often an object has to stand somewhere on average, for cutting to cost less than it saves."""

_REPETITIONS_WORTH_A_TEXT = 8
"""How often it has to, to have its text made once; that costs a few encodings."""

_LARGE_BYTES = 512
"""Of objects that come with so many bytes, the text is worth making where a cut is."""

_MAX_WAYS = 6
"""Ways to cut the answers of one fetch that code is written for."""


@dataclass(frozen=True, slots=True)
class Cuts:
    """Places where an answer's objects are left undecoded until they are known to be new.

    `suffix` tells the names of what is generated for it from others.
    """

    places: tuple[Place, ...] = ()
    suffix: str = ""

    def changes(self, place: Place) -> bool:
        """Whether the type of who has an object of this place is another one with these cuts."""
        return place in self.places or any(
            slot.place is not None and self.changes(slot.place)
            for placed in place.types.values()
            for slot in placed.brought_by(place.creator)
        )


NO_CUTS = Cuts()

Count = tuple[int, int]
"""How many objects stood at a place, and how many different ones."""
Merge = Callable[[list[list[Any]], bytes, Any], Sequence[Count] | None]


class SharingMerge:
    """The merge function of a fetch whose answers may repeat themselves.

    `write` makes one that cuts at given places, and `places` are all of them.
    """

    __slots__ = ("_merge", "_places", "_share_from", "_uses_left", "_ways", "_write")

    def __init__(
        self,
        plain: Merge,
        places: tuple[Place, ...],
        write: Callable[[Cuts], Merge],
        share_from_bytes: int,
    ) -> None:
        self._merge = plain
        self._places = places
        self._write = write
        self._share_from = share_from_bytes
        self._uses_left = 0
        self._ways: dict[tuple[Place, ...], Merge] = {(): plain}

    def __call__(self, lists: list[list[Any]], body: bytes, places: Any) -> None:
        """Merge an answer."""
        if len(body) < self._share_from:
            self._ways[()](lists, body, places)
        elif self._uses_left:
            self._uses_left -= 1
            self._merge(lists, body, places)
        else:
            self._uses_left = USES_BETWEEN_COUNTS
            everywhere = self._way(self._places)
            counts = everywhere(lists, body, places)
            if counts is None:
                return  # it cannot be cut
            self._merge = self._way(
                tuple(
                    place
                    for place, (seen, distinct) in zip(self._places, counts, strict=True)
                    if seen >= _REPETITIONS_WORTH_A_CUT * distinct > 0
                )
            )
            if self._merge is everywhere:
                self._uses_left = 0  # it counts anyway

    def _way(self, places: tuple[Place, ...]) -> Merge:
        """The function that cuts at these places; once there are many, one that cuts everywhere.

        Where answers cannot be cut, it is the one that does not.
        """
        known = self._ways.get(places)
        if known is not None:
            return known
        if len(self._ways) >= _MAX_WAYS:
            return self._ways[self._places]
        try:
            known = self._write(Cuts(places, f"_cut{len(self._ways)}"))
        except NotCompilableError:
            known = self._ways[()]
        self._ways[places] = known
        return known


def write_cut(place: Place, cuts: Cuts, item: str, source: str, first: Sequence[str]) -> list[str]:
    """Lines that put an object for the bytes `item` into `source`; with a new one they do `first`.

    Where null may stand, it is one more value.
    """
    number = number_of(place)
    same = f"same_{number}"
    return [
        f"seen_{number} += 1",
        f"if {item} != last_{number}:",  # equal objects often follow each other
        f"    last_{number} = {item}",
        f"    text = bytes({item})",
        f"    {same} = known_{number}.get(text, UNSET)",
        f"    if {same} is UNSET:",
        f"        {item} = {same} = known_{number}[text] = {decoder_of(place, cuts)}(text)",
        f"        if {item}:",
        *(f"            {line}" for line in first),
        f"{source} = {same}",
    ]


def write_cut_start(places: Sequence[Place]) -> list[str]:
    """Lines that come before those of `write_cut`."""
    numbers = [number_of(place) for place in places]
    return [f"seen_{n} = 0; known_{n} = {{}}; last_{n} = None" for n in numbers]


def write_cut_end(places: Sequence[Place], often: str) -> list[str]:
    """Lines that come after them; they give back the counts, and put what is `often` there."""
    lines: list[str] = []
    for place in places:
        number = number_of(place)
        if len(place.types) == 1:
            found = f"({len(place.names)}, {_text_function(place)}, known_{number})"
            lines += [
                f"often = {_REPETITIONS_WORTH_A_TEXT}",
                f"if sum(map(len, known_{number})) > {_LARGE_BYTES} * len(known_{number}):",
                f"    often = {_REPETITIONS_WORTH_A_CUT}",
                f"if seen_{number} >= often * len(known_{number}) > 0: {often}.append({found})",
            ]
    counts = "".join(f"(seen_{n}, len(known_{n})), " for n in map(number_of, places))
    return [*lines, f"return ({counts})"]


def decoder_of(place: Place, cuts: Cuts) -> str:
    """The function that decodes the bytes of an object at a place where the answer is cut."""
    return f"decode_at_{number_of(place)}{cuts.suffix}"


def write_text_function(place: Place) -> list[str]:
    """A function that makes all but the first name of each of some objects one raw value.

    The objects are none to look into afterwards; encoded, they are what they were. Objects of
    several types at a place have none.
    """
    if len(place.types) != 1:
        return []
    (placed,) = place.types.values()
    names = [slot.attribute for slot in placed.slots.values() if slot.shape is not None]
    lines = [f"def {_text_function(place)}(objects):"]
    if not names:
        return [*lines, "    pass"]
    start = b'{"%b":' % names[0].removeprefix("f_").encode()
    return [
        *lines,
        "    for o in objects:",
        "        if not o: continue",
        "        text = encode(o)",
        f"        if text.startswith({start!r}):",
        *(f"            o.{name} = UNSET" for name in names[1:]),
        f"            o.{names[0]} = Raw(text[{len(start)}:-1])",
    ]


def write_texts(often: str) -> list[str]:
    """Lines that do this for all that is `often` there; what is in others comes before them."""
    return [
        f"if {often}:",
        f"    {often}.sort(key=lambda found: found[0], reverse=True)",
        f"    for _, make_text, known in {often}: make_text(known.values())",
    ]


def number_of(place: Place) -> int:
    """A number for a place, that of the first type of its objects."""
    return next(iter(place.types.values())).number


def _text_function(place: Place) -> str:
    return f"text_{number_of(place)}"
