"""CONTEXT_*: values that a type sets for what is selected below it, and who takes them."""

from __future__ import annotations

from supergraph.checks.changes.found import DANGEROUS, SAFE, Found
from supergraph.checks.federation.elements import element_pairs
from supergraph.checks.federation.facts import Facts, field_pairs
from supergraph.checks.federation.named import compare_named
from supergraph.checks.federation.note import note
from supergraph.definitions import SchemaDefinitions


def compare_contexts(
    found: Found, old: SchemaDefinitions, new: SchemaDefinitions, subgraph: str | None
) -> None:
    """Note types that set a context, or no longer do.

    A context that is gone is dangerous: arguments that were taken from it are taken from another
    type now, or the graph does not compose.
    """
    for path, before, after in element_pairs(old, new):
        compare_named(
            found,
            path,
            before,
            after,
            subgraph,
            feature="context",
            says="sets the context",
            added=SAFE,
            removed=DANGEROUS,
        )


def compare_context_arguments(found: Found, old: Facts, new: Facts) -> None:
    """Note arguments that take another value from a context.

    Dangerous: the subgraph is given other values, and clients see other answers.
    """
    for path, subgraph, before, after in field_pairs(old, new):
        was, now = dict(before.context_arguments), dict(after.context_arguments)
        for name in dict.fromkeys((*was, *now)):
            if was.get(name) == now.get(name):
                continue
            takes = f"takes {now[name]}" if name in now else "takes nothing"
            took = f"took {was[name]}" if name in was else "took nothing"
            note(
                found,
                "CONTEXT_ARGUMENT_CHANGED",
                DANGEROUS,
                f"{path}({name}:)",
                f'Argument "{name}" of field "{path}" in subgraph "{subgraph}" {takes} from a '
                f"context now, it {took}.",
                subgraph,
                new.element(path),
                directive="fromContext",
            )
