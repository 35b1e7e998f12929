"""The settings of checks: a file of its own, `dictamesh.checks.yaml`, beside the configuration.

    checks:
      base: main
      operations:
        - manifest: persisted-documents.json
          client: web
      lint:
        rules:
          descriptions: error

`dictamesh supergraph check --settings-schema` prints its JSON Schema, for editors.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from supergraph.checks.yaml_file import ConfigModel, parse_model, read_text_file

DEFAULT_FILE = Path("dictamesh.checks.yaml")
EXCEPTIONS_FILE = Path("dictamesh.exceptions.yaml")

LINT_RULES_GROUP = "dictamesh.lint_rules"
"""The entry points by which installed packages bring lint rules."""


class FailOn(StrEnum):
    """What makes a check fail, beside composition errors, which always do."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    LINT = "lint"
    LINT_WARNINGS = "lint-warnings"
    POLICY = "policy"
    HINTS = "hints"
    PLANS = "plans"
    NOTHING = "nothing"


DEFAULT_FAIL_ON = (FailOn.BREAKING, FailOn.LINT, FailOn.POLICY)


class RuleSeverity(StrEnum):
    """How a lint rule is taken."""

    OFF = "off"
    WARNING = "warning"
    ERROR = "error"


class OperationSource(ConfigModel):
    """Where known operations come from; exactly one of the three places is given."""

    manifest: Path | None = None
    """A manifest of persisted documents, in Apollo's or Relay's form."""
    directory: Path | None = None
    """A directory; every .graphql and .gql file below it is read."""
    usage: Path | None = None
    """A usage file that the gateway wrote, or the directory of such files."""
    client: str | None = Field(default=None, min_length=1, max_length=200)
    """Name of the client that sends these operations, where the source does not say."""

    @model_validator(mode="after")
    def _one_place(self) -> OperationSource:
        given = [item for item in (self.manifest, self.directory, self.usage) if item is not None]
        if len(given) != 1:
            raise ValueError("an operation source has exactly one of manifest, directory and usage")
        return self

    @property
    def path(self) -> Path:
        """The file or directory."""
        return self.manifest or self.directory or self.usage or Path()


class UsageSettings(ConfigModel):
    """What the known operations decide."""

    unused_is_safe: bool = True
    """Whether a breaking change that no known operation is affected by counts as safe."""
    min_count: int = Field(default=1, ge=1)
    """Operations that were counted less often than this are left out; uncounted ones stay."""
    ignored_clients: tuple[str, ...] = ()
    """Clients whose operations do not count, `*` standing for any characters."""


class PlanSettings(ConfigModel):
    """What to say of operations that become dearer to answer."""

    compare: bool = True
    """Whether each known operation is planned on the old and on the new graph."""
    min_more_calls: int = Field(default=1, ge=1)
    """How many more subgraph calls an operation must make to be reported."""


class RuleSettings(ConfigModel):
    """One lint rule."""

    severity: RuleSeverity | None = None
    """off, warning or error; the rule's own default without it."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Options of the rule, as `dictamesh supergraph lint --rules` lists them."""


class LintSettings(ConfigModel):
    """Rules of style, one severity each."""

    rules: dict[str, RuleSettings] = Field(default_factory=dict)
    """By the rule's name; a mere severity may stand for the rule's settings."""
    ignore: tuple[str, ...] = ()
    """Schema coordinates that no rule looks at, `*` standing for any characters."""
    grace: bool = True
    """Whether what the base has already is let pass; then only new findings fail."""

    @field_validator("rules", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        # YAML reads a bare `off` as false.
        return {
            name: {"severity": "off" if given is False else given}
            if isinstance(given, str) or given is False
            else given
            for name, given in value.items()
        }


class ContractSettings(ConfigModel):
    """A variant of the graph that shows less, as `dictamesh supergraph contract` makes it."""

    include: tuple[str, ...] = ()
    """Tags to show; everything without any."""
    exclude: tuple[str, ...] = ()
    """Tags to hide."""
    hide_unreachable: bool = False
    """Whether types that no query can reach are hidden, too."""

    @model_validator(mode="after")
    def _says_something(self) -> ContractSettings:
        if not (self.include or self.exclude or self.hide_unreachable):
            raise ValueError("a contract needs tags to include or exclude")
        return self


class GradingSettings(ConfigModel):
    """How changes are graded."""

    dangerous_is_breaking: bool = False
    """Whether a dangerous change is taken for a breaking one."""
    allow_deprecated_removals: bool = False
    """Whether removing what the base marks @deprecated is dangerous only, not breaking."""
    ignore_descriptions: bool = False
    """Whether changed descriptions are left out."""
    ignore_directives: tuple[str, ...] = ()
    """Applied directives whose changes are left out, without `@`."""
    unreachable_is_safe: bool = False
    """Whether breaking changes of types that no operation reaches are safe."""
    simplify: bool = True
    """Whether what an addition brings along is left out: the fields of a new type."""
    kinds: dict[str, Literal["breaking", "dangerous", "safe", "ignore"]] = Field(
        default_factory=dict
    )
    """The grade of every change of a kind, or ignore."""


class CheckSettings(ConfigModel):
    """All settings of checks. Paths count from the file they stand in."""

    base: str | None = Field(default=None, min_length=1)
    """What to compare with, as --base."""
    fail_on: tuple[FailOn, ...] = DEFAULT_FAIL_ON
    """What makes the check fail, as --fail-on; composition errors always do."""
    operations: tuple[OperationSource, ...] = ()
    """Where known operations come from."""
    usage: UsageSettings = UsageSettings()
    """What they decide."""
    plans: PlanSettings = PlanSettings()
    """What to say of their plans."""
    grading: GradingSettings = GradingSettings()
    """How changes are graded."""
    lint: LintSettings = LintSettings()
    """Lint rules."""
    contracts: dict[str, ContractSettings] = Field(default_factory=dict)
    """Variants of the graph by name; each is compared like the graph itself."""
    exceptions: Path | None = None
    """File with signed-off exceptions."""

    @field_validator("fail_on")
    @classmethod
    def _nothing_alone(cls, value: tuple[FailOn, ...]) -> tuple[FailOn, ...]:
        return normal_fail_on(value)


class ChecksFile(ConfigModel):
    """`dictamesh.checks.yaml`."""

    checks: CheckSettings
    """The settings of checks."""


def normal_fail_on(value: tuple[FailOn, ...]) -> tuple[FailOn, ...]:
    """The conditions without repetition.

    Raises:
        ValueError: if `nothing` stands beside something.
    """
    if FailOn.NOTHING in value and len(set(value)) > 1:
        raise ValueError('"nothing" stands alone: it means that only composition errors fail')
    return tuple(dict.fromkeys(value))


def load_settings(path: Path) -> CheckSettings:
    """Read the settings; their paths become relative to the file's directory.

    Raises:
        CheckInputError: with every problem found.
    """
    text = read_text_file(path, "the settings of checks")
    settings = parse_model(text, str(path), ChecksFile).checks
    return _from_directory(settings, path.parent)


def _from_directory(settings: CheckSettings, directory: Path) -> CheckSettings:
    sources = tuple(
        source.model_copy(
            update={
                name: directory / value
                for name in ("manifest", "directory", "usage")
                if (value := getattr(source, name)) is not None
            }
        )
        for source in settings.operations
    )
    exceptions = settings.exceptions
    return settings.model_copy(
        update={
            "operations": sources,
            "exceptions": directory / exceptions if exceptions is not None else None,
        }
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the file, for editors."""
    schema = ChecksFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "DictaMesh checks"
    rules = schema["$defs"]["LintSettings"]["properties"]["rules"]
    severity = {"$ref": "#/$defs/RuleSeverity"}
    rules["additionalProperties"] = {"anyOf": [severity, rules["additionalProperties"]]}
    return schema
