"""What the rules for `@key`, `@requires` and `@provides` have in common: reading `fields:`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from graphql import StringValueNode

from supergraph.definitions import AppliedDirective, TypeDefinition, value_text
from supergraph.errors import CompositionError, ErrorCode
from supergraph.federation.field_set import FieldSet, FieldSetError, parse_field_set
from supergraph.subgraph.field_sets import SelectedField, selected_fields
from supergraph.subgraph.model import Subgraph

_EXTERNAL_ADVICE = (
    " (if the field is defined in another subgraph, you need to add it to this subgraph with "
    "@external)"
)
_KEY_ADVICE = (
    " (the field should either be added to this subgraph or, if it should not be resolved by this "
    "subgraph, you need to add it to this subgraph with @external)"
)


@dataclass(slots=True)
class FieldSetCheck:
    """One application of a directive with `fields:`.

    `place` says where it stands, as in `On type "T"`; `parent` is the type the fields belong to.
    """

    subgraph: Subgraph
    directive: AppliedDirective
    place: str
    coordinate: str
    parent: TypeDefinition
    errors: list[CompositionError] = field(default_factory=list)

    @property
    def _feature(self) -> str:
        return self.directive.feature or self.directive.name

    def fail(self, code: str, message: str) -> None:
        """Add an error; `code` is the part after the directive's name."""
        written = value_text(self.directive.arguments.get("fields"))
        self.errors.append(
            self.subgraph.error(
                ErrorCode(f"{self._feature.upper()}_{code}"),
                f"{self.place}, for @{self.directive.name}(fields: {written}): {message}",
                self.directive.node,
                coordinate=self.coordinate,
            )
        )

    def parse(self) -> FieldSet | None:
        """The field set, or None and an error."""
        value = self.directive.arguments.get("fields")
        if not isinstance(value, StringValueNode):
            self.fail(
                "INVALID_FIELDS_TYPE", 'Invalid value for argument "fields": must be a string.'
            )
            return None
        try:
            return parse_field_set(value.value)
        except FieldSetError as error:
            if error.directive is not None:
                self.fail(
                    "DIRECTIVE_IN_FIELDS_ARG",
                    f"cannot have directive applications in the @{self._feature}(fields:) argument "
                    f"but found @{error.directive}.",
                )
            else:
                self.fail("INVALID_FIELDS", error.message)
            return None

    def selected(self) -> Iterator[SelectedField]:
        """The fields selected; what does not fit the schema becomes an error."""
        field_set = self.parse()
        if field_set is None:
            return
        yield from selected_fields(
            self.subgraph,
            self.parent,
            field_set,
            lambda message: self.fail("INVALID_FIELDS", message),
            unknown_advice=_KEY_ADVICE if self._feature == "key" else _EXTERNAL_ADVICE,
        )
