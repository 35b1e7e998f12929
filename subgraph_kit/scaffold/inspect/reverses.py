"""Names for the lists on the far side of references, free there and stable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from subgraph_kit.scaffold.model import EntityModel
from subgraph_kit.scaffold.names import Names, list_name


def settle_reverses(entities: Sequence[EntityModel]) -> list[EntityModel]:
    """The entities, with names of reverse lists that clash on the other side told apart.

    `invoices`, and `invoicesByPayer` where the invoices of a customer are meant in two ways.
    """
    scopes = {
        entity.name: Names(
            reserved=[*(f.name for f in entity.fields), *(r.name for r in entity.references)]
        )
        for entity in entities
    }
    settled = []
    for entity in entities:
        links = []
        for link in entity.references:
            if link.reverse is not None:
                by = f"{list_name(entity.name)}By{link.name[:1].upper()}{link.name[1:]}"
                link = replace(link, reverse=scopes[link.target].take("", link.reverse, by))
            links.append(link)
        settled.append(replace(entity, references=tuple(links)))
    return settled
