"""Equal objects at a place become one, where answers repeat themselves.

Many reviews are of one product: the same few keys come again and again, and each copy would be
completed and looked at by every later fetch. Objects of which an answer brings leaves only are
equal if these leaves are, and stay equal: whatever else they get follows from the leaves. So the
first of equal objects takes the place of the others, and everything after that is done once.

Of objects that stand in very many places, the text is made once, too: when the response is whole,
all of such an object but the name of its first field becomes one raw value (`write_as_text`).

Where nothing repeats, finding that out costs a dictionary entry per object. A merge function that
found too little to share therefore looks again only after `PAUSE_USES` answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import GraphQLEnumType, GraphQLList, GraphQLNonNull, GraphQLOutputType, get_named_type

from gateway.executor.compiled.layout import Place, PlacedType, Slot

PAUSE_USES = 63

_REPETITIONS_WORTH_A_TEXT = 8
"""How often an object has to stand somewhere on average; making its text costs a few encodings."""

_COMPARABLE = frozenset(("ID", "String", "Int", "Boolean"))
"""Types whose values are written the same if they are equal: 1 and 1.0 are not."""


def shared_leaves(place: Place) -> list[Slot]:
    """The leaves by which objects at `place` are equal; empty where they must not be shared."""
    if len(place.types) != 1:
        return []
    (placed,) = place.types.values()
    brought = [
        slot
        for slot in placed.slots.values()
        if place.creator in slot.suppliers and not slot.is_typename
    ]
    if all(slot.place is None and _is_comparable(slot.type) for slot in brought):
        return brought
    return []


def _is_comparable(type_: GraphQLOutputType) -> bool:
    if isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    named = get_named_type(type_)
    return not isinstance(type_, GraphQLList) and (
        named.name in _COMPARABLE or isinstance(named, GraphQLEnumType)
    )


@dataclass(frozen=True, slots=True)
class SharedPlace:
    """A place whose objects are shared; `number` is that of their type.

    Those that repeat themselves very often come into the list `often`.
    """

    number: int
    leaves: Sequence[Slot]
    often: int

    def write(self, item: str, source: str, first: Sequence[str]) -> list[str]:
        """Lines that put a known equal object into `source`, or do `first` for the first one."""
        values = ", ".join(f"{item}.{slot.attribute}" for slot in self.leaves)
        last, same = f"last_{self.number}", f"same_{self.number}"
        return [
            f"key = {values}",
            f"if key != {last}:",  # equal objects often follow each other
            f"    {last} = key",
            f"    {same} = first_{self.number}(key, {item})",
            f"if {same} is {item}:",
            *(f"    {line}" for line in first),
            f"else: {source} = {same}",
        ]


def write_chooser(number: int, shared: Sequence[SharedPlace], body: Sequence[str]) -> list[str]:
    """`merge_<number>`: shares as `body` does, or leaves it to `plain_<number>` for a while."""
    distinct = " + ".join(f"len(known_{place.number})" for place in shared)
    return [
        f"pause_{number} = 0",
        f"def merge_{number}(L, body, places):",
        f"    global pause_{number}",
        f"    if pause_{number}:",
        f"        pause_{number} -= 1",
        f"        return plain_{number}(L, body, places)",
        "    seen = 0",
        *(
            f"    known_{n} = last_{n} = {{}}; first_{n} = known_{n}.setdefault"
            for n in (place.number for place in shared)
        ),
        *(f"    {line}" for line in body),
        f"    distinct = {distinct}",
        f"    if seen < 2 * distinct: pause_{number} = {PAUSE_USES}",
        f"    elif seen > {_REPETITIONS_WORTH_A_TEXT} * distinct:",
        *(f"        L[{place.often}] += known_{place.number}.values()" for place in shared),
    ]


def write_as_text(placed: PlacedType, objects: str) -> list[str]:
    """Lines that make all but the first name of each of the `objects` one raw value.

    The object is none to look into afterwards; encoded, it is what it was.
    """
    names = [slot.attribute for slot in placed.slots.values() if slot.shape is not None]
    if not names:
        return []
    start = b'{"%b":' % names[0].removeprefix("f_").encode()
    return [
        f"for o in {objects}:",
        "    text = encode(o)",
        f"    if text.startswith({start!r}):",
        *(f"        o.{name} = UNSET" for name in names[1:]),
        f"        o.{names[0]} = Raw(text[{len(start)}:-1])",
    ]
