"""Plans as JSON, in the form `@apollo/gateway` uses, and back.

What that form does not know is added beside it: `furtherPaths` of a Flatten, `|[A|B]` as a path
element for a type condition, `keys` and `dependentFields` of a Fetch, and `unresolvable` of the
plan.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, assert_never

from graphql import OperationType

from gateway.plan.nodes import (
    ConditionNode,
    ContextRewrite,
    DependentField,
    FetchNode,
    FieldSegment,
    FlattenNode,
    FlattenPath,
    ListSegment,
    ParallelNode,
    PathSegment,
    PlanNode,
    QueryPlan,
    RenameKeyRewrite,
    RequiredField,
    RequiredFragment,
    RequiredSelection,
    Rewrite,
    RewritePath,
    SequenceNode,
    SetValueRewrite,
    TypeConditionSegment,
    UnresolvableField,
)

JsonObject = dict[str, Any]
T = TypeVar("T")

_FRAGMENT = "... on "
_UP = ".."


class InvalidPlanError(ValueError):
    """The JSON is no query plan; the message names the part that is not."""


def plan_to_json(plan: QueryPlan) -> JsonObject:
    """The plan as JSON objects, lists and scalars."""
    result: JsonObject = {"kind": "QueryPlan"}
    if plan.node is not None:
        result["node"] = _node_to_json(plan.node)
    if plan.unresolvable:
        result["unresolvable"] = [
            {"path": list(field.path), "message": field.message}
            | ({"types": list(field.types)} if field.types else {})
            for field in plan.unresolvable
        ]
    return result


def plan_from_json(value: Mapping[str, Any]) -> QueryPlan:
    """The plan that `plan_to_json` wrote.

    Raises:
        InvalidPlanError: if `value` is no plan.
    """
    try:
        if value["kind"] != "QueryPlan":
            raise InvalidPlanError(f'Expected kind "QueryPlan", found {value["kind"]!r}.')
        node = value.get("node")
        return QueryPlan(
            None if node is None else _node_from_json(node),
            tuple(
                UnresolvableField(
                    tuple(item["path"]), item["message"], tuple(item.get("types", ()))
                )
                for item in value.get("unresolvable", ())
            ),
        )
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InvalidPlanError(f"The JSON is no query plan: {error!r}") from error


# --- Nodes -------------------------------------------------------------------------------------


def _node_to_json(node: PlanNode) -> JsonObject:
    match node:
        case FetchNode():
            return _fetch_to_json(node)
        case FlattenNode():
            first, *further = [_path_to_json(path) for path in node.paths]
            result: JsonObject = {"kind": "Flatten", "path": first}
            if further:
                result["furtherPaths"] = further
            return result | {"node": _fetch_to_json(node.node)}
        case SequenceNode():
            return {"kind": "Sequence", "nodes": [_node_to_json(child) for child in node.nodes]}
        case ParallelNode():
            return {"kind": "Parallel", "nodes": [_node_to_json(child) for child in node.nodes]}
        case ConditionNode():
            result = {"kind": "Condition", "condition": node.variable}
            if node.if_clause is not None:
                result["ifClause"] = _node_to_json(node.if_clause)
            if node.else_clause is not None:
                result["elseClause"] = _node_to_json(node.else_clause)
            return result
        case _ as never:
            assert_never(never)


def _node_from_json(value: Mapping[str, Any]) -> PlanNode:
    match value["kind"]:
        case "Fetch":
            return _fetch_from_json(value)
        case "Flatten":
            paths = [value["path"], *value.get("furtherPaths", ())]
            node = value["node"]
            return FlattenNode(tuple(map(_path_from_json, paths)), _fetch_from_json(node))
        case "Sequence":
            return SequenceNode(tuple(map(_node_from_json, value["nodes"])))
        case "Parallel":
            return ParallelNode(tuple(map(_node_from_json, value["nodes"])))
        case "Condition":
            return ConditionNode(
                value["condition"],
                _optional(value.get("ifClause"), _node_from_json),
                _optional(value.get("elseClause"), _node_from_json),
            )
        case kind:
            raise InvalidPlanError(f"There is no plan node of kind {kind!r}.")


def _optional(value: Mapping[str, Any] | None, read: Callable[[Mapping[str, Any]], T]) -> T | None:
    return None if value is None else read(value)


def _fetch_to_json(node: FetchNode) -> JsonObject:
    result: JsonObject = {"kind": "Fetch", "serviceName": node.subgraph}
    if node.requires:
        result["requires"] = [_required_to_json(item) for item in node.requires]
    result["variableUsages"] = list(node.variable_usages)
    result["operation"] = node.operation
    if node.operation_name is not None:
        result["operationName"] = node.operation_name
    result["operationKind"] = node.kind.value
    if node.input_rewrites:
        result["inputRewrites"] = [_rewrite_to_json(item) for item in node.input_rewrites]
    if node.output_rewrites:
        result["outputRewrites"] = [_rewrite_to_json(item) for item in node.output_rewrites]
    if node.context_rewrites:
        result["contextRewrites"] = [_context_to_json(item) for item in node.context_rewrites]
    if node.dependent_fields:
        result["keys"] = [_required_to_json(item) for item in node.keys]
        result["dependentFields"] = [
            {
                "typeCondition": item.type_condition,
                "name": item.response_name,
                "requires": [_required_to_json(part) for part in item.requires],
            }
            for item in node.dependent_fields
        ]
    return result


def _fetch_from_json(value: Mapping[str, Any]) -> FetchNode:
    if value["kind"] != "Fetch":
        raise InvalidPlanError(f'Expected kind "Fetch", found {value["kind"]!r}.')
    return FetchNode(
        subgraph=value["serviceName"],
        kind=OperationType(value.get("operationKind", "query")),
        operation=value["operation"],
        operation_name=value.get("operationName"),
        variable_usages=tuple(value.get("variableUsages", ())),
        requires=_fragments_from_json(value, "requires"),
        input_rewrites=tuple(map(_rewrite_from_json, value.get("inputRewrites", ()))),
        output_rewrites=tuple(map(_rewrite_from_json, value.get("outputRewrites", ()))),
        context_rewrites=tuple(map(_context_from_json, value.get("contextRewrites", ()))),
        keys=_fragments_from_json(value, "keys"),
        dependent_fields=tuple(
            DependentField(
                item["typeCondition"],
                item["name"],
                tuple(map(_required_from_json, item["requires"])),
            )
            for item in value.get("dependentFields", ())
        ),
    )


def _fragments_from_json(value: Mapping[str, Any], name: str) -> tuple[RequiredFragment, ...]:
    found = tuple(_required_from_json(item) for item in value.get(name, ()))
    fragments = tuple(item for item in found if isinstance(item, RequiredFragment))
    if len(fragments) != len(found):
        raise InvalidPlanError(f'"{name}" of a Fetch must consist of inline fragments.')
    return fragments


def _required_to_json(selection: RequiredSelection) -> JsonObject:
    result: JsonObject
    if isinstance(selection, RequiredField):
        result = {"kind": "Field", "name": selection.response_name}
        if not selection.selections:
            return result
    else:
        result = {"kind": "InlineFragment", "typeCondition": selection.type_condition}
    result["selections"] = [_required_to_json(child) for child in selection.selections]
    return result


def _required_from_json(value: Mapping[str, Any]) -> RequiredSelection:
    selections = tuple(map(_required_from_json, value.get("selections", ())))
    if value["kind"] == "Field":
        return RequiredField(value["name"], selections)
    return RequiredFragment(value["typeCondition"], selections)


# --- Paths and rewrites ------------------------------------------------------------------------


def _path_to_json(path: FlattenPath) -> list[str]:
    return [_segment_to_json(segment) for segment in path]


def _segment_to_json(segment: PathSegment) -> str:
    match segment:
        case FieldSegment(name):
            return name
        case ListSegment():
            return "@"
        case TypeConditionSegment(names):
            return f"|[{'|'.join(sorted(names))}]"
        case _ as never:
            assert_never(never)


def _path_from_json(value: Sequence[str]) -> FlattenPath:
    return tuple(_segment_from_json(text) for text in value)


def _segment_from_json(text: str) -> PathSegment:
    if text == "@":
        return ListSegment()
    if text.startswith("|["):
        return TypeConditionSegment(frozenset(text[2:-1].split("|")))
    return FieldSegment(text)


def _context_to_json(rewrite: ContextRewrite) -> JsonObject:
    renaming = _rewrite_to_json(RenameKeyRewrite(rewrite.path, rewrite.variable))
    return {**renaming, "path": [*[_UP] * rewrite.levels, *renaming["path"]]}


def _context_from_json(value: Mapping[str, Any]) -> ContextRewrite:
    levels = list(value["path"]).count(_UP)
    rewrite = _rewrite_from_json({**value, "path": value["path"][levels:]})
    if not isinstance(rewrite, RenameKeyRewrite):
        raise InvalidPlanError("A value from a context has to be renamed.")
    return ContextRewrite(levels, rewrite.path, rewrite.new_name)


def _rewrite_to_json(rewrite: Rewrite) -> JsonObject:
    path = [
        f"{_FRAGMENT}{'|'.join(sorted(segment.type_names))}"
        if isinstance(segment, TypeConditionSegment)
        else segment.response_name
        for segment in rewrite.path
    ]
    if isinstance(rewrite, SetValueRewrite):
        return {"kind": "ValueSetter", "path": path, "setValueTo": rewrite.value}
    return {"kind": "KeyRenamer", "path": path, "renameKeyTo": rewrite.new_name}


def _rewrite_from_json(value: Mapping[str, Any]) -> Rewrite:
    path: RewritePath = tuple(
        TypeConditionSegment(frozenset(text.removeprefix(_FRAGMENT).split("|")))
        if text.startswith(_FRAGMENT)
        else FieldSegment(text)
        for text in value["path"]
    )
    match value["kind"]:
        case "ValueSetter":
            return SetValueRewrite(path, value["setValueTo"])
        case "KeyRenamer":
            return RenameKeyRewrite(path, value["renameKeyTo"])
        case kind:
            raise InvalidPlanError(f"There is no rewrite of kind {kind!r}.")
