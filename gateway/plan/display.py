"""A plan as people read it: Apollo's text form, so that plans of planners can be compared.

Differences are additions: several paths of one `Flatten` stand comma-separated, as in
`Flatten(path: "a", "b.@")`, and a type condition in a path is written `|[A|B]` after the field.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from graphql import (
    FieldNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    print_ast,
)

from gateway.plan.nodes import (
    ConditionNode,
    FetchNode,
    FieldSegment,
    FlattenNode,
    FlattenPath,
    ListSegment,
    ParallelNode,
    PlanNode,
    QueryPlan,
    RequiredField,
    RequiredSelection,
    SequenceNode,
    TypeConditionSegment,
)

_INDENT = "  "


def display_plan(plan: QueryPlan) -> str:
    """The plan as text, without a trailing line break."""
    lines = [*_block("QueryPlan", [plan.node] if plan.node is not None else [])]
    lines += [f"# {'.'.join(field.path)}: {field.message}" for field in plan.unresolvable]
    return "\n".join(lines)


def display_path(path: FlattenPath) -> str:
    """A path such as `products.@.reviews`."""
    text = ""
    for segment in path:
        match segment:
            case FieldSegment(name):
                text += f".{name}" if text else name
            case ListSegment():
                text += ".@" if text else "@"
            case TypeConditionSegment(names):
                text += f"|[{'|'.join(sorted(names))}]"
            case _ as never:
                assert_never(never)
    return text


def _node(node: PlanNode) -> Iterator[str]:
    match node:
        case FetchNode():
            yield f'Fetch(service: "{node.subgraph}") {{'
            if node.requires:
                yield f"{_INDENT}{{"
                for fragment in node.requires:
                    yield from _indented(_required(fragment), 2)
                yield f"{_INDENT}}} =>"
            yield from _indented(_document(node.operation, is_entity=bool(node.requires)), 1)
            yield "}"
        case FlattenNode():
            paths = ", ".join(f'"{display_path(path)}"' for path in node.paths)
            yield from _block(f"Flatten(path: {paths})", [node.node])
        case SequenceNode():
            yield from _block("Sequence", node.nodes)
        case ParallelNode():
            yield from _block("Parallel", node.nodes)
        case ConditionNode(variable, None, other) if other is not None:
            yield from _block(f"Skip(if: ${variable})", [other])
        case ConditionNode(variable, only, None) if only is not None:
            yield from _block(f"Include(if: ${variable})", [only])
        case ConditionNode():
            yield f"Condition(if: ${node.variable}) {{"
            for name, clause in (("Then", node.if_clause), ("Else", node.else_clause)):
                if clause is not None:
                    yield from _indented(_block(name, [clause]), 1)
            yield "}"
        case _ as never:
            assert_never(never)


def _block(head: str, nodes: Sequence[PlanNode]) -> Iterator[str]:
    yield f"{head} {{"
    for node in nodes:
        lines = [*_node(node)]
        lines[-1] += ","
        yield from _indented(iter(lines), 1)
    yield "}"


def _required(selection: RequiredSelection) -> Iterator[str]:
    if isinstance(selection, RequiredField):
        head = selection.response_name
    else:
        head = f"... on {selection.type_condition}"
    if not selection.selections:
        yield head
        return
    yield f"{head} {{"
    for child in selection.selections:
        yield from _indented(_required(child), 1)
    yield "}"


def _document(operation: str, *, is_entity: bool) -> Iterator[str]:
    definition = parse(operation, no_location=True).definitions[0]
    if not isinstance(definition, OperationDefinitionNode):
        yield operation
        return
    selection_set = definition.selection_set
    if is_entity:
        entities = selection_set.selections[0]
        if isinstance(entities, FieldNode) and entities.selection_set:
            selection_set = entities.selection_set
    yield from _selection_set(selection_set)


def _selection_set(node: SelectionSetNode) -> Iterator[str]:
    yield "{"
    for selection in node.selections:
        directives = "".join(f" {print_ast(item)}" for item in selection.directives or ())
        below: SelectionSetNode | None = None
        if isinstance(selection, FieldNode):
            head = f"{selection.alias.value}: " if selection.alias else ""
            head += selection.name.value
            if selection.arguments:
                head += f"({', '.join(print_ast(item) for item in selection.arguments)})"
            below = selection.selection_set
        elif isinstance(selection, InlineFragmentNode):
            head = "..."
            if selection.type_condition:
                head += f" on {selection.type_condition.name.value}"
            below = selection.selection_set
        else:
            head = print_ast(selection)
        if below is None:
            yield f"{_INDENT}{head}{directives}"
            continue
        lines = [*_selection_set(below)]
        yield f"{_INDENT}{head}{directives} {lines[0]}"
        yield from _indented(iter(lines[1:]), 1)
    yield "}"


def _indented(lines: Iterator[str], levels: int) -> Iterator[str]:
    for line in lines:
        yield _INDENT * levels + line
