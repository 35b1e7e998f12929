"""`dictamesh subgraph new`: from a source to a project."""

from __future__ import annotations

import os
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from subgraph_kit.cli.common import console, fail, is_terminal, pairs, run, sentences_for_errors
from subgraph_kit.cli.dialogue import Quit, converse
from subgraph_kit.cli.preview import show_entities, show_notes, show_sdl
from subgraph_kit.scaffold.generate import Generated, generate, guesses, look
from subgraph_kit.scaffold.locate import SourcePlace, parse_place
from subgraph_kit.scaffold.model import SourceModel
from subgraph_kit.scaffold.project import ProjectSpec, check_project_name, read_answers
from subgraph_kit.scaffold.write import check_new_directory, write_project


def new_command(
    name: Annotated[
        str | None,
        typer.Argument(
            help="What the subgraph is called: `shop` makes the package shop_subgraph.",
            show_default=False,
        ),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="openapi:FILE|URL, postgres:DSN, mysql:DSN, sqlite:FILE, csv:|parquet:|jsonl:PATH,"
            " graphql:FILE|URL, or blank.",
            show_default=False,
        ),
    ] = None,
    entity: Annotated[
        list[str] | None,
        typer.Option(
            "--entity",
            help="Only this table, resource, file or type of the source; may be repeated. "
            "With `=`, under another name: `tbl_cust=Customer`. For blank: the types to have.",
            show_default=False,
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            help="The key where the source does not say it: `orders=shop,number`.",
            show_default=False,
        ),
    ] = None,
    include: Annotated[
        list[str] | None,
        typer.Option("--include", help="Glob of source names to take.", show_default=False),
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option("--exclude", help="Glob of source names to leave out.", show_default=False),
    ] = None,
    rename: Annotated[
        list[str] | None,
        typer.Option(
            "--rename",
            help="Another name in the graph: `orders.cust_nm=customerName`, `tbl_cust=Customer`.",
            show_default=False,
        ),
    ] = None,
    supergraph: Annotated[
        Path | None,
        typer.Option(
            "--supergraph",
            help="The graph this becomes part of: ids of its entities become references to them.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Where to write; by default ./NAME.", show_default=False),
    ] = None,
    answers: Annotated[
        Path | None,
        typer.Option(
            "--answers",
            help="A file of answers, such as a project's .dictamesh/answers.yaml.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Ask nothing: take what is certain enough.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the schema to stdout, write nothing.")
    ] = False,
) -> None:
    """Look at a source, propose a model, and write a subgraph that serves it.

    On a terminal it shows what it found, asks what is doubtful and writes when you say so.
    A password in an address is used and never written: the project reads it from its environment.
    """
    with sentences_for_errors():
        screen = console()
        spec, place = _answers(
            name, source, answers,
            entities=entity or [], keys=key or [], include=include or [], exclude=exclude or [],
            renames=rename or [], supergraph=supergraph,
        )  # fmt: skip
        directory = out or Path(spec.name)
        if not dry_run:
            check_new_directory(directory)
        spec = replace(spec, location=place.moved(Path.cwd(), directory).public)
        if spec.supergraph is not None:
            moved = os.path.relpath(Path(spec.supergraph).absolute(), directory.absolute())
            spec = replace(spec, supergraph=Path(moved).as_posix())
        screen.print(Text(f"Looking at {place.kind} {place.public}".rstrip()))

        def look_again(changed: ProjectSpec) -> SourceModel:
            return _look(changed, place, directory)

        try:
            if yes or dry_run or not is_terminal():
                generated = generate(spec, look_again(spec))
                show_entities(screen, generated.model)
            else:
                generated = converse(screen, spec, look_again)
        except Quit:
            screen.print("Nothing was written.")
            raise typer.Exit(0) from None
        if dry_run:
            show_sdl(Console(highlight=False), generated.files["schema.graphql"].rstrip("\n"))
            show_notes(screen, generated.model.notes)
            return
        write_project(directory, generated.all_files)
        _report(screen, generated, directory, place)


def _look(spec: ProjectSpec, place: SourcePlace, directory: Path) -> SourceModel:
    return run(look(spec, place.moved(Path.cwd(), directory), directory))


def _answers(
    name: str | None,
    source: str | None,
    answers: Path | None,
    *,
    entities: list[str],
    keys: list[str],
    include: list[str],
    exclude: list[str],
    renames: list[str],
    supergraph: Path | None,
) -> tuple[ProjectSpec, SourcePlace]:
    """The answers of a file, where there is one, and the options, which win."""
    if answers is not None:
        try:
            text = answers.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            fail(f"{answers} cannot be read: --answers names a YAML file")
        spec = read_answers(text, str(answers))
        if name is not None:
            spec = replace(spec, name=check_project_name(name))
    else:
        if name is None:
            fail("say what the subgraph is called: dictamesh subgraph new NAME --from ...")
        check_project_name(name)
        if source is None:
            fail(
                "say what to make it from: --from openapi:FILE, postgres:DSN, csv:PATH, "
                "graphql:URL or blank"
            )
        spec = ProjectSpec(name, "", "")
    if source is not None:
        place = parse_place(source)
    else:
        given = os.environ.get(f"{spec.env_prefix}SOURCE")
        place = parse_place(given if given else f"{spec.kind}:{spec.location}")
    chosen = [each.partition("=") for each in entities]
    named = {source_name: name for source_name, _, name in chosen if name}
    by_field = {old: new for old, new in pairs(renames, "--rename").items() if "." in old}
    by_entity = {old: new for old, new in pairs(renames, "--rename").items() if "." not in old}
    split_keys = {
        source_name: tuple(part.strip() for part in fields.split(","))
        for source_name, fields in pairs(keys, "--key").items()
    }
    return (
        replace(
            spec,
            kind=place.kind,
            location=place.public,
            include=(*spec.include, *include, *(each for each, _, _ in chosen)),
            exclude=(*spec.exclude, *exclude),
            entities={**spec.entities, **named, **by_entity},
            keys={**spec.keys, **split_keys},
            renames={**spec.renames, **by_field},
            supergraph=str(supergraph) if supergraph is not None else spec.supergraph,
        ),
        place,
    )


def _report(screen: Console, generated: Generated, directory: Path, place: SourcePlace) -> None:
    show_notes(screen, generated.model.notes)
    doubtful = [where for where, _ in guesses(generated.model)]
    if doubtful:
        screen.print(Text(f"Taken for references: {', '.join(doubtful)}"))
    spec = generated.spec
    count = len(generated.files)
    types = len(generated.model.entities)
    screen.print(
        Text(f"Wrote {directory} ({count} files, {types} entity types).", style="bold green")
    )
    place_of = shlex.quote(str(directory))
    screen.print(Text("Next:"))
    screen.print(Text(f"  cd {place_of} && make setup && make test && make run"))
    if place.public != place.location:
        settings = f"{spec.package}/settings.py"
        screen.print(Text(f"  the password was not written: {settings} says which variable has it"))
    screen.print(Text(f"  dictamesh subgraph add {place_of}   # puts it into supergraph.yaml"))
