"""Which rules there are: ours, and those of installed packages."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points

from supergraph.checks.errors import CheckInputError
from supergraph.checks.lint.deprecation_reasons import DeprecationReasons
from supergraph.checks.lint.descriptions import Descriptions
from supergraph.checks.lint.enum_values import EnumValues
from supergraph.checks.lint.field_names import FieldNames
from supergraph.checks.lint.id_without_key import IdWithoutKey
from supergraph.checks.lint.input_names import InputNames
from supergraph.checks.lint.list_items import ListItems
from supergraph.checks.lint.list_pagination import ListPagination
from supergraph.checks.lint.nullable_root_fields import NullableRootFields
from supergraph.checks.lint.pii_tags import PiiTags
from supergraph.checks.lint.rule import LintRule
from supergraph.checks.lint.type_names import TypeNames
from supergraph.checks.lint.unused_types import UnusedTypes
from supergraph.checks.settings import LINT_RULES_GROUP

RULES: tuple[type[LintRule], ...] = (
    TypeNames,
    FieldNames,
    EnumValues,
    InputNames,
    Descriptions,
    DeprecationReasons,
    ListPagination,
    NullableRootFields,
    ListItems,
    UnusedTypes,
    IdWithoutKey,
    PiiTags,
)
"""The rules that come along, in the order of their findings."""


def known_rules() -> Mapping[str, LintRule]:
    """Every rule by name.

    Raises:
        CheckInputError: if an installed rule cannot be used; the sentence names the package.
    """
    found: dict[str, LintRule] = {rule.name: rule() for rule in RULES}
    points = sorted(entry_points(group=LINT_RULES_GROUP), key=lambda point: point.name)
    for point in points:
        rule = _load(point)
        if rule.name in found:
            raise CheckInputError(f'{_where(point)}: there is a rule "{rule.name}" already.')
        found[rule.name] = rule
    return found


def _load(point: EntryPoint) -> LintRule:
    try:
        loaded = point.load()
        rule = loaded() if isinstance(loaded, type) else loaded
    except Exception as error:  # whatever a stranger's package does on import
        raise CheckInputError(f"{_where(point)} cannot be loaded: {error}.") from error
    if not isinstance(rule, LintRule) or not isinstance(getattr(rule, "name", None), str):
        raise CheckInputError(f"{_where(point)} is no LintRule with a name.")
    return rule


def _where(point: EntryPoint) -> str:
    package = point.dist.name if point.dist is not None else "a package"
    return f'The lint rule "{point.name}" of {package}'
