"""Whether a document is valid beyond doubt: one pass that says yes, or does not know.

graphql-core's thirty rules, each visiting the whole document, take longer than all else that is
done with a new operation. Nearly all documents are valid and use the common part of the language;
this pass sees that in a tenth of the time. Whatever it has doubts about (an error, but also
introspection, directives other than `@skip` and `@include`, whatever is rare) it leaves to those
rules, which then say what is wrong, or that nothing is. So it must never say yes where a rule would
object: `test_plainly_valid.py` compares both on mutated documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DirectiveLocation,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLCompositeType,
    GraphQLIncludeDirective,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    do_types_overlap,
    get_named_type,
    is_composite_type,
    is_input_type,
    is_required_argument,
    is_type_sub_type_of,
    type_from_ast,
    validate_input_literal,
)

from gateway.operation.overlapping_fields import TooManyFieldsError, find_conflicts

_MAX_OPERATIONS = 20
"""Each operation is checked with all fragments it spreads; of so many, the rules keep account."""
_CONDITIONS = {item.name: item for item in (GraphQLSkipDirective, GraphQLIncludeDirective)}


class _DoubtError(Exception):
    """The rules have to decide."""


def is_plainly_valid(schema: GraphQLSchema, document: DocumentNode) -> bool:
    """Whether the document is valid for certain; False says nothing."""
    try:
        _Pass(schema, document).run()
        return next(find_conflicts(schema, document), None) is None
    except (_DoubtError, TooManyFieldsError, RecursionError):
        return False


def _require(holds: object) -> None:
    if not holds:
        raise _DoubtError


@dataclass(slots=True)
class _Uses:
    """What a definition uses: variables, each with the type expected there, and fragments."""

    variables: list[tuple[str, GraphQLInputType]] = field(default_factory=list)
    fragments: dict[str, None] = field(default_factory=dict)


class _Pass:
    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self._schema = schema
        self._operations: list[OperationDefinitionNode] = []
        self._fragments: dict[str, FragmentDefinitionNode] = {}
        for definition in document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._operations.append(definition)
            else:
                _require(isinstance(definition, FragmentDefinitionNode))
                assert isinstance(definition, FragmentDefinitionNode)  # noqa: S101 - for mypy
                _require(definition.name.value not in self._fragments)
                self._fragments[definition.name.value] = definition
        self._overlaps: dict[tuple[int, int], bool] = {}

    def run(self) -> None:
        """Go through the document.

        Raises:
            _DoubtError: at the first thing that is not certainly valid.
        """
        names = [operation.name.value if operation.name else None for operation in self._operations]
        _require(len(set(names)) == len(names) <= _MAX_OPERATIONS)
        _require(None not in names or len(names) == 1)
        uses = {name: self._fragment(fragment) for name, fragment in self._fragments.items()}
        _require_no_cycles(uses)
        spread: set[str] = set()
        for operation in self._operations:
            spread.update(self._operation(operation, uses))
        _require(len(spread) == len(self._fragments))

    # --- Definitions -------------------------------------------------------------------------

    def _fragment(self, fragment: FragmentDefinitionNode) -> _Uses:
        _require(not fragment.directives and not fragment.variable_definitions)
        uses = _Uses()
        on = self._composite(fragment.type_condition.name.value)
        self._selections(fragment.selection_set, on, uses)
        return uses

    def _operation(
        self, operation: OperationDefinitionNode, fragment_uses: Mapping[str, _Uses]
    ) -> dict[str, None]:
        """Check an operation; returns the fragments it spreads, those of fragments included."""
        _require(not operation.directives)
        _require(operation.operation is not OperationType.SUBSCRIPTION)
        root = self._schema.get_root_type(operation.operation)
        if root is None:
            raise _DoubtError
        uses = _Uses()
        self._selections(operation.selection_set, root, uses)
        spread = dict(uses.fragments)
        pending = list(spread)
        used = list(uses.variables)
        while pending:
            below = fragment_uses[pending.pop()]
            used += below.variables
            new = [name for name in below.fragments if name not in spread]
            spread |= dict.fromkeys(new)
            pending += new
        self._variables(operation, used)
        return spread

    def _variables(
        self, operation: OperationDefinitionNode, used: list[tuple[str, GraphQLInputType]]
    ) -> None:
        declared: dict[str, tuple[GraphQLInputType, bool]] = {}
        for definition in operation.variable_definitions or ():
            name = definition.variable.name.value
            _require(not definition.directives and name not in declared)
            type_ = type_from_ast(self._schema, definition.type)
            if not is_input_type(type_):
                raise _DoubtError
            default = definition.default_value
            if default is not None:
                _require(not isinstance(default, ObjectValueNode | ListValueNode))
                self._literal(default, type_)
            declared[name] = (
                type_,
                default is not None and not isinstance(default, NullValueNode),
            )
        _require({name for name, _ in used} == set(declared))
        # A position is as often asked about as the variable is used there.
        for name, expected in dict.fromkeys(used):
            given, has_default = declared[name]
            if given is expected or is_type_sub_type_of(self._schema, given, expected):
                continue
            _require(has_default and isinstance(expected, GraphQLNonNull))
            assert isinstance(expected, GraphQLNonNull)  # noqa: S101 - for mypy
            _require(is_type_sub_type_of(self._schema, given, expected.of_type))

    # --- Selections --------------------------------------------------------------------------

    def _selections(
        self, selection_set: SelectionSetNode, parent: GraphQLCompositeType, uses: _Uses
    ) -> None:
        _require(selection_set.selections)
        for node in selection_set.selections:
            if isinstance(node, FieldNode):
                if node.directives:
                    self._directives(node.directives, DirectiveLocation.FIELD, uses)
                self._field(node, parent, uses)
            elif isinstance(node, InlineFragmentNode):
                if node.directives:
                    self._directives(node.directives, DirectiveLocation.INLINE_FRAGMENT, uses)
                on = parent
                if node.type_condition is not None:
                    on = self._composite(node.type_condition.name.value)
                    self._require_overlap(on, parent)
                self._selections(node.selection_set, on, uses)
            elif isinstance(node, FragmentSpreadNode):
                if node.directives:
                    self._directives(node.directives, DirectiveLocation.FRAGMENT_SPREAD, uses)
                fragment = self._fragments.get(node.name.value)
                if fragment is None or node.arguments:
                    raise _DoubtError
                on = self._composite(fragment.type_condition.name.value)
                self._require_overlap(on, parent)
                uses.fragments[node.name.value] = None
            else:
                raise _DoubtError

    def _field(self, node: FieldNode, parent: GraphQLCompositeType, uses: _Uses) -> None:
        name = node.name.value
        _require(name == "__typename" or not name.startswith("__"))
        _require(node.alias is None or node.alias.value != "__typename" or name == "__typename")
        definition = self._schema.get_field(parent, name)
        if definition is None:
            raise _DoubtError
        if node.arguments or definition.args:
            self._arguments(node.arguments or (), definition.args, uses)
        named = get_named_type(definition.type)
        if is_composite_type(named):
            if node.selection_set is None:
                raise _DoubtError
            self._selections(node.selection_set, named, uses)
        else:
            _require(node.selection_set is None)

    def _composite(self, name: str) -> GraphQLCompositeType:
        found = self._schema.get_type(name)
        if not is_composite_type(found):
            raise _DoubtError
        return found

    def _require_overlap(self, one: GraphQLCompositeType, other: GraphQLCompositeType) -> None:
        if one is other:
            return
        key = (id(one), id(other))
        known = self._overlaps.get(key)
        if known is None:
            known = self._overlaps[key] = do_types_overlap(self._schema, one, other)
        _require(known)

    # --- Arguments and values ----------------------------------------------------------------

    def _directives(
        self, directives: Sequence[DirectiveNode], location: DirectiveLocation, uses: _Uses
    ) -> None:
        seen: set[str] = set()
        for node in directives:
            definition = self._schema.get_directive(node.name.value)
            known = _CONDITIONS.get(node.name.value)
            if definition is None or definition is not known or node.name.value in seen:
                raise _DoubtError
            _require(location in definition.locations)
            seen.add(node.name.value)
            self._arguments(node.arguments or (), definition.args, uses)

    def _arguments(
        self,
        given: Sequence[ArgumentNode],
        declared: Mapping[str, GraphQLArgument],
        uses: _Uses,
    ) -> None:
        seen: set[str] = set()
        for node in given:
            name = node.name.value
            definition = declared.get(name)
            if definition is None or name in seen:
                raise _DoubtError
            seen.add(name)
            if isinstance(node.value, VariableNode):
                uses.variables.append((node.value.name.value, definition.type))
            else:
                self._literal(node.value, definition.type)
                self._note_variables(node.value, definition.type, uses)
        for name, definition in declared.items():
            _require(name in seen or not is_required_argument(definition))

    def _literal(self, value: ValueNode, type_: GraphQLInputType) -> None:
        """Ask graphql-core about a literal; variables in it count as right."""

        def doubt(*_: object) -> None:
            raise _DoubtError

        validate_input_literal(value, type_, doubt, None, None, True)

    def _note_variables(self, value: ValueNode, type_: GraphQLInputType, uses: _Uses) -> None:
        """Note variables within a list or an object, and look for fields written twice."""
        nullable = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(value, VariableNode):
            uses.variables.append((value.name.value, type_))
        elif isinstance(value, ListValueNode):
            if not isinstance(nullable, GraphQLList):
                raise _DoubtError
            for item in value.values:
                self._note_variables(item, nullable.of_type, uses)
        elif isinstance(value, ObjectValueNode):
            while isinstance(nullable, GraphQLList | GraphQLNonNull):
                nullable = nullable.of_type  # one value stands for a list of one
            if not isinstance(nullable, GraphQLInputObjectType) or nullable.is_one_of:
                raise _DoubtError
            names = {entry.name.value for entry in value.fields}
            _require(len(names) == len(value.fields) and names <= nullable.fields.keys())
            for entry in value.fields:
                self._note_variables(entry.value, nullable.fields[entry.name.value].type, uses)


def _require_no_cycles(uses: Mapping[str, _Uses]) -> None:
    """Take away fragments that spread none that are left; what stays is a cycle."""
    waiting = {name: set(item.fragments) for name, item in uses.items()}
    spread_by: dict[str, list[str]] = {}
    for name, fragments in waiting.items():
        for other in fragments:
            spread_by.setdefault(other, []).append(name)
    free = [name for name, fragments in waiting.items() if not fragments]
    left = len(waiting)
    while free:
        left -= 1
        for name in spread_by.get(done := free.pop(), ()):
            waiting[name].discard(done)
            if not waiting[name]:
                free.append(name)
    _require(not left)
