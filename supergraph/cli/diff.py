"""`dictamesh supergraph diff`: what changed between two schemas, and whom it breaks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from supergraph.checks.change import Criticality, SchemaChange
from supergraph.checks.diff import diff
from supergraph.checks.kinds import CHANGE_KINDS
from supergraph.checks.regrade import RegradeOptions, reachable_names, regrade
from supergraph.checks.schema_text import InvalidSchemaError, parse_schema
from supergraph.cli.common import fail
from supergraph.cli.report import Format
from supergraph.cli.schema_input import read_schema_input

EXIT_BREAKING = 1

_STYLES = {
    Criticality.BREAKING: "bold red",
    Criticality.DANGEROUS: "yellow",
    Criticality.SAFE: "green",
}


class FailOn(StrEnum):
    """From which grade on changes fail the command."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    NEVER = "never"


_FAILING = {
    FailOn.BREAKING: {Criticality.BREAKING},
    FailOn.DANGEROUS: {Criticality.BREAKING, Criticality.DANGEROUS},
    FailOn.NEVER: set[Criticality](),
}


def diff_command(
    old: Annotated[str, typer.Argument(help="The schema as it was.", metavar="OLD")],
    new: Annotated[str, typer.Argument(help="The schema as it is to be.", metavar="NEW")],
    format: Annotated[
        Format, typer.Option("--format", help="json prints one object to stdout.")
    ] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="Short for --format json.")] = False,
    fail_on: Annotated[
        FailOn, typer.Option("--fail-on", help="From which grade on changes exit with 1.")
    ] = FailOn.BREAKING,
    everything: Annotated[
        bool,
        typer.Option(
            "--all", help="Also list what an addition brings along, as a type its fields."
        ),
    ] = False,
    dangerous_is_breaking: Annotated[
        bool, typer.Option("--dangerous-is-breaking", help="Grade dangerous changes as breaking.")
    ] = False,
    ignore_descriptions: Annotated[
        bool, typer.Option("--ignore-descriptions", help="Leave out changes of descriptions.")
    ] = False,
    suppress_deprecated: Annotated[
        bool,
        typer.Option(
            "--allow-deprecated-removals",
            help="Removing what was deprecated is dangerous, not breaking.",
        ),
    ] = False,
    safe_unreachable: Annotated[
        bool,
        typer.Option(
            "--safe-unreachable", help="Changes of types that no operation reaches are safe."
        ),
    ] = False,
    ignore_directive: Annotated[
        list[str] | None,
        typer.Option("--ignore-directive", help="Leave out where this directive is applied."),
    ] = None,
    grade: Annotated[
        list[str] | None,
        typer.Option(
            "--grade",
            metavar="KIND=GRADE",
            help="Grade a kind of change as breaking, dangerous or safe, or ignore it.",
        ),
    ] = None,
) -> None:
    """List every change between two schemas: breaking, dangerous or safe.

    OLD and NEW are plain schemas, subgraphs, or supergraphs. Of supergraphs the API schemas are
    compared, and what they do not show is added: keys, owners of fields, overrides, access, cost.
    Each is a file, REVISION:PATH for a file in git, a supergraph.yaml to compose, or - for stdin.

    dictamesh supergraph diff supergraph.graphql new.graphql

    dictamesh supergraph diff main:schema.graphql schema.graphql

    dictamesh supergraph diff supergraph.graphql supergraph.yaml --grade ENUM_VALUE_ADDED=breaking

    Exit codes: 0 nothing breaks, 1 breaking changes, 2 a supergraph.yaml does not compose,
    4 wrong or missing input. docs/schema-changes.md explains every kind of change.
    """
    format = Format.JSON if as_json else format
    options = RegradeOptions(
        dangerous_is_breaking=dangerous_is_breaking,
        ignore_descriptions=ignore_descriptions,
        suppress_deprecated_removals=suppress_deprecated,
        safe_unreachable=safe_unreachable,
        simplify=not everything,
        ignore_directives=frozenset(item.removeprefix("@") for item in ignore_directive or ()),
        kinds=_grades(grade or [], format),
    )
    if old == new == "-":
        fail(["Only one of the two schemas can be stdin."], format)
    before, after = read_schema_input(old, format), read_schema_input(new, format)
    try:
        # What is alike in both is not read to compare it; a mistake in it is no pass all the same.
        parse_schema(after.sdl, after.name)
        found = diff(before.sdl, after.sdl, old_file=before.name, new_file=after.name)
        reachable = reachable_names(before.sdl) if safe_unreachable else ()
    except InvalidSchemaError as error:
        fail([error.message], format)
    changes = regrade(found, options, reachable)
    _print(changes, format)
    if any(change.criticality in _FAILING[fail_on] for change in changes):
        raise typer.Exit(EXIT_BREAKING)


def _grades(given: Sequence[str], format: Format) -> dict[str, Criticality | None]:
    grades: dict[str, Criticality | None] = {}
    for item in given:
        kind, _, name = item.partition("=")
        kind, name = kind.strip().upper(), name.strip().lower()
        if kind not in CHANGE_KINDS:
            fail([f'--grade {item}: there is no kind of change "{kind}".'], format)
        if name != "ignore" and name not in set(Criticality):
            fail([f"--grade {item}: say breaking, dangerous, safe or ignore."], format)
        grades[kind] = None if name == "ignore" else Criticality(name)
    return grades


def _print(changes: Sequence[SchemaChange], format: Format) -> None:
    counts = Counter(change.criticality for change in changes)
    if format is Format.JSON:
        report = {
            "changes": [asdict(change) for change in changes],
            "summary": {grade.value: counts[grade] for grade in Criticality},
        }
        typer.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    for grade in Criticality:
        for change in changes:
            if change.criticality is grade:
                console.print(_line(change))
    if changes:
        console.print(", ".join(f"{counts[grade]} {grade}" for grade in Criticality) + ".")
    else:
        console.print("Nothing changed.")


def _line(change: SchemaChange) -> Text:
    heading = Text(f"{change.criticality}[{change.kind}]", style=_STYLES[change.criticality])
    text = heading + Text(f": {change.message}")
    for place in change.locations[:1]:
        text.append(f"\n  --> {place.file or 'the schema'}:{place.line}:{place.column}", "cyan")
    return text
