"""Whether fields of one response name can be merged (specification, "Field Selection Merging").

The specification compares every pair of fields that meet under one name, and everything below each
pair, which is quadratic at every level. Here all fields that meet are looked at together, once:

- all selection sets that meet at a place in the response are collected into one set of fields;
- fields of one response name must have one shape, whatever their parent types; and those whose
  parent types can be one object's must be the same field with the same arguments;
- the selection sets below a name are again collected together, in two ways: those that can belong
  to one object for the whole rule (`is_strict`), all of them for the shape alone.

Which sets meet is remembered, so that a fragment that is used at many places is looked at once.
The verdicts are those of graphql-core's rule (`test_overlapping_fields.py` compares them), whose
words the errors use, too; where one pair differs in several places, it names one.

Source: the idea is Simon Adameit's, "Optimizing the Overlapping Fields Can Be Merged rule".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLError,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_object_type,
    print_ast,
)
from graphql.utilities.sort_value_node import sort_value_node

MAX_COMPARED_FIELDS = 100_000
"""Fields looked at in one document, each as often as it meets different others; some 0.3 seconds.

An operation may select 20,000 fields with its fragments spread, each of which is looked at once or
twice. Far more means fragments that meet each other in ever new combinations.
"""


class TooManyFieldsError(Exception):
    """The budget is used up before the document is known to be valid."""


@dataclass(slots=True, eq=False)
class _Field:
    """A field where it meets others; `owner` is the field in whose selections it stands."""

    node: FieldNode
    parent: GraphQLCompositeType | None
    definition: GraphQLField | None
    owner: _Field | None


@dataclass(slots=True, eq=False)
class _Selected:
    """A selection set on a type, and the field it belongs to."""

    node: SelectionSetNode
    type: GraphQLCompositeType | None
    owner: _Field | None = None


def find_conflicts(schema: GraphQLSchema, document: DocumentNode) -> Iterator[GraphQLError]:
    """Yield an error per conflict, for a document that may be invalid in other ways, too.

    Raises:
        TooManyFieldsError: beyond `MAX_COMPARED_FIELDS`.
    """
    yield from _Check(schema, document).run()


class _Check:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._document = document
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._left = MAX_COMPARED_FIELDS
        self._pending: deque[tuple[list[_Selected], bool]] = deque()
        self._known: set[tuple[frozenset[int], bool]] = set()
        self._met: set[int] = set()
        self._reported: set[frozenset[int]] = set()
        self._shapes: dict[int, str] = {}
        self._arguments: dict[int, str] = {}

    def run(self) -> Iterator[GraphQLError]:
        """Look at all operations, then at fragments that none of them spreads."""
        for definition in self._document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                root = self._schema.get_root_type(definition.operation)
                yield from self._look_at(_Selected(definition.selection_set, root))
        for fragment in self._fragments.values():
            if id(fragment.selection_set) not in self._met:
                on = self._type(fragment.type_condition.name.value)
                yield from self._look_at(_Selected(fragment.selection_set, on))

    def _look_at(self, start: _Selected) -> Iterator[GraphQLError]:
        self._meet([start], is_strict=True)
        while self._pending:
            selected, is_strict = self._pending.popleft()
            for fields in self._collect(selected).values():
                if len(fields) == 1:
                    self._meet(self._below(fields), is_strict=is_strict)
                    continue
                groups = _by_object(fields) if is_strict else []
                for group in groups:
                    yield from self._same_field(group)
                    self._meet(self._below(group), is_strict=True)
                yield from self._same_shape(fields)
                if len(groups) != 1:  # else the whole rule is applied to all of them already
                    self._meet(self._below(fields), is_strict=False)

    def _meet(self, selected: list[_Selected], *, is_strict: bool) -> None:
        """Note that selection sets have to be looked at together."""
        key = (frozenset([id(item.node) for item in selected]), is_strict)
        if selected and key not in self._known:
            self._known.add(key)
            self._pending.append((selected, is_strict))

    def _below(self, fields: list[_Field]) -> list[_Selected]:
        found: list[_Selected] = []
        for field in fields:
            below = field.node.selection_set
            if below is None:
                continue
            named = get_named_type(field.definition.type) if field.definition else None
            found.append(_Selected(below, named if is_composite_type(named) else None, field))
        return found

    # --- Collecting --------------------------------------------------------------------------

    def _collect(self, selected: list[_Selected]) -> dict[str, list[_Field]]:
        """The fields of all sets by response name, each once."""
        found: dict[str, list[_Field]] = {}
        seen: set[int] = set()
        # With a stack of our own: spreads may lie deeper in each other than Python's stack allows.
        open_sets = [self._open(item, seen) for item in reversed(selected)]
        while open_sets:
            nodes, current = open_sets[-1]
            for node in nodes:
                if isinstance(node, FieldNode):
                    name = node.name.value
                    parent = current.type
                    definition = self._schema.get_field(parent, name) if parent else None
                    response_name = node.alias.value if node.alias else name
                    found.setdefault(response_name, []).append(
                        _Field(node, parent, definition, current.owner)
                    )
                else:
                    inner = self._inner(node, current)
                    if inner is not None and id(inner.node) not in seen:
                        open_sets.append(self._open(inner, seen))
                        break
            else:
                open_sets.pop()
        return found

    def _open(
        self, selected: _Selected, seen: set[int]
    ) -> tuple[Iterator[SelectionNode], _Selected]:
        seen.add(id(selected.node))
        self._met.add(id(selected.node))
        self._left -= len(selected.node.selections) + 1
        if self._left < 0:
            raise TooManyFieldsError
        return iter(selected.node.selections), selected

    def _inner(self, node: SelectionNode, around: _Selected) -> _Selected | None:
        """The selection set of a fragment that stands in another selection set."""
        if isinstance(node, InlineFragmentNode):
            on = around.type
            if node.type_condition:
                on = self._type(node.type_condition.name.value)
            return _Selected(node.selection_set, on, around.owner)
        if not isinstance(node, FragmentSpreadNode):
            return None
        fragment = self._fragments.get(node.name.value)
        if fragment is None:
            return None
        on = self._type(fragment.type_condition.name.value)
        return _Selected(fragment.selection_set, on, around.owner)

    def _type(self, name: str) -> GraphQLCompositeType | None:
        found = self._schema.get_type(name)
        return found if is_composite_type(found) else None

    # --- Comparing ---------------------------------------------------------------------------

    def _same_field(self, group: list[_Field]) -> Iterator[GraphQLError]:
        """What can belong to one object must be one field with the same arguments."""
        first = group[0]
        name, arguments = first.node.name.value, self._arguments_text(first.node)
        for other in group:
            if other.node.name.value != name:
                reason = f"'{name}' and '{other.node.name.value}' are different fields"
            elif self._arguments_text(other.node) != arguments:
                reason = "they have differing arguments"
            else:
                continue
            yield from self._report(first, other, reason)

    def _same_shape(self, fields: list[_Field]) -> Iterator[GraphQLError]:
        """Whatever their objects are, values of one name must be read alike."""
        first: _Field | None = None
        for other in fields:
            if other.definition is None:
                continue
            if first is None or first.definition is None:
                first = other
            elif self._shape(first.definition) != self._shape(other.definition):
                types = f"'{first.definition.type}' and '{other.definition.type}'"
                yield from self._report(first, other, f"they return conflicting types {types}")

    def _shape(self, definition: GraphQLField) -> str:
        known = self._shapes.get(id(definition))
        if known is None:
            known = self._shapes[id(definition)] = _shape_of(definition.type)
        return known

    def _arguments_text(self, node: FieldNode) -> str:
        """The arguments in an order of their own: the written order means nothing."""
        if not node.arguments:
            return ""
        known = self._arguments.get(id(node))
        if known is None:
            known = self._arguments[id(node)] = " ".join(
                sorted(
                    f"{argument.name.value}:{print_ast(sort_value_node(argument.value))}"
                    for argument in node.arguments
                )
            )
        return known

    def _report(self, first: _Field, second: _Field, reason: str) -> Iterator[GraphQLError]:
        """Say where a conflict begins: at the outermost fields that are not one and the same."""
        pair = frozenset((id(first.node), id(second.node)))
        if pair in self._reported:
            return
        self._reported.add(pair)
        firsts, seconds = [first.node], [second.node]
        while (
            first.owner is not None
            and second.owner is not None
            and first.owner.node is not second.owner.node
        ):
            reason = f"subfields '{_response_name(first.node)}' conflict because {reason}"
            first, second = first.owner, second.owner
            firsts.insert(0, first.node)
            seconds.insert(0, second.node)
        yield GraphQLError(
            f"Fields '{_response_name(first.node)}' conflict because {reason}. "
            "Use different aliases on the fields to fetch both if this was intentional.",
            firsts + seconds,
        )


def _by_object(fields: list[_Field]) -> list[list[_Field]]:
    """Groups of fields that can belong to one object; a field may be in several."""
    by_type: dict[int, list[_Field]] = {}
    of_any_type: list[_Field] = []
    for field in fields:
        if is_object_type(field.parent):
            by_type.setdefault(id(field.parent), []).append(field)
        else:
            of_any_type.append(field)
    return [of_any_type + group for group in by_type.values()] or [of_any_type]


def _shape_of(type_: GraphQLOutputType) -> str:
    """Equal for types whose values are read alike; any two composite types are."""
    if isinstance(type_, GraphQLNonNull):
        return f"{_shape_of(type_.of_type)}!"
    if isinstance(type_, GraphQLList):
        return f"[{_shape_of(type_.of_type)}]"
    return type_.name if is_leaf_type(type_) else "{}"


def _response_name(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value
