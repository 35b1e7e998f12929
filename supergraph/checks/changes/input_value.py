"""Arguments and input fields: what a client may or must send.

The default counts with the type: a value that was optional and is required now breaks whoever left
it out, and a new default for a value that had to be sent cannot surprise anybody.
"""

from __future__ import annotations

from supergraph.checks.change import Criticality
from supergraph.checks.changes.found import BREAKING, DANGEROUS, SAFE, Found
from supergraph.checks.changes.values import same_value
from supergraph.checks.changes.widening import is_safe_input
from supergraph.definitions import InputValueDefinition, type_text, value_text


def added_grade(value: InputValueDefinition, optional: Criticality) -> Criticality:
    """The grade of a value that is new on an element that was there."""
    return BREAKING if value.is_required else optional


def compare_default(
    found: Found,
    kind: str,
    what: str,
    path: str,
    old: InputValueDefinition,
    new: InputValueDefinition,
) -> None:
    """Note a changed default as `kind`."""
    if same_value(old.default, new.default):
        return
    if new.default is None:
        sentence = f"{what} has lost its default {value_text(old.default)}"
    elif old.default is None:
        sentence = f"{what} has the default {value_text(new.default)} now"
    else:
        sentence = (
            f"{what} has the default {value_text(new.default)} now, it was "
            f"{value_text(old.default)}"
        )
    grade = DANGEROUS
    if old.is_required:
        grade, sentence = SAFE, f"{sentence}; nobody could leave it out before"
    elif new.is_required:
        grade, sentence = BREAKING, f"{sentence} and is required"
    found.add(kind, grade, path, f"{sentence}.", new)


def compare_type(
    found: Found,
    kind: str,
    what: str,
    path: str,
    old: InputValueDefinition,
    new: InputValueDefinition,
) -> None:
    """Note a changed type as `kind`."""
    before, after = type_text(old.type), type_text(new.type)
    if before == after:
        return
    grade = SAFE if is_safe_input(old.type, new.type) else BREAKING
    found.add(kind, grade, path, f'{what} changed its type from "{before}" to "{after}".', new)
