"""What was found and what would be written, for a person to look at before anything is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from subgraph_kit.scaffold.model import EntityModel, Note, SourceModel

_ROWS = 40
_NOTES = 20
_LEVELS = ("left_out", "unclear", "renamed", "info")
_TITLES = {
    "left_out": "Left out",
    "unclear": "Not clear, look at it",
    "renamed": "Renamed",
    "info": "Good to know",
}


def show_entities(console: Console, model: SourceModel) -> None:
    """A table of the entity types."""
    table = Table(box=None, pad_edge=False)
    for heading in ("Type", "From", "Key", "Fields", "Leads to", "Personal"):
        table.add_column(heading, overflow="fold")
    for entity in model.entities[:_ROWS]:
        table.add_row(*_cells(entity))
    console.print(table)
    if len(model.entities) > _ROWS:
        console.print(f"... and {len(model.entities) - _ROWS} more")


def _cells(entity: EntityModel) -> list[Text]:
    leads_to = [f"{each.name} → {each.target}" for each in entity.references]
    leads_to += [f"{each.name} → [{each.target}]" for each in entity.many_to_many]
    personal = [field.name for field in entity.fields if field.pii is not None]
    keys = " or ".join(" ".join(key) for key in entity.keys)
    cells = (
        entity.name, entity.source_name, keys, str(len(entity.fields)),
        ", ".join(leads_to), ", ".join(personal),
    )  # fmt: skip
    return [Text(cell) for cell in cells]


def show_sdl(console: Console, sdl: str) -> None:
    """The schema, in colours where there are any."""
    if console.is_terminal:
        console.print(Syntax(sdl, "graphql", background_color="default", word_wrap=True))
    else:
        console.print(Text(sdl))


def show_files(console: Console, files: Mapping[str, str]) -> None:
    """The files' names, with the number of lines."""
    for path, text in files.items():
        console.print(Text(f"  {path}  ({text.count(chr(10))} lines)"))


def show_notes(console: Console, notes: Sequence[Note]) -> None:
    """What was left out and why, what is doubtful; the rest is in the project's README."""
    for level in _LEVELS:
        of_level = [note for note in notes if note.level == level]
        if not of_level:
            continue
        console.print(Text(f"{_TITLES[level]}:", style="bold"))
        for note in of_level[:_NOTES]:
            console.print(Text(f"  {note.place}: {' '.join(note.message.split())}"))
        if len(of_level) > _NOTES:
            rest = Counter(" ".join(note.message.split()) for note in of_level[_NOTES:])
            more = len(of_level) - _NOTES
            most = rest.most_common(1)[0][0]
            console.print(
                Text(f"  ... and {more} more (such as: {most}); all are in the project's README")
            )
