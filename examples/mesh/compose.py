"""Composes the running subgraphs into a supergraph file."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import httpx
import yaml

from subgraph_kit.errors import ConfigurationError
from supergraph.compose import compose
from supergraph.subgraph.model import SubgraphInput

FEDERATION_VERSION = "=2.7.0"
_SERVICE = "{ _service { sdl } }"


async def compose_supergraph(urls: Mapping[str, str], file: Path) -> None:
    """Ask each subgraph for its schema, compose them, and write the supergraph to `file`.

    Raises:
        ConfigurationError: if they do not compose; the text has all reasons.
    """
    async with httpx.AsyncClient(timeout=10) as client:
        sdls = await asyncio.gather(*(_sdl(client, url) for url in urls.values()))
    subgraphs = [
        SubgraphInput(name=name, url=url, sdl=sdl)
        for (name, url), sdl in zip(urls.items(), sdls, strict=True)
    ]
    result = await asyncio.to_thread(compose, subgraphs)
    if result.supergraph_sdl is None:
        reasons = "\n".join(f"  {error}" for error in result.errors)
        raise ConfigurationError(f"The subgraphs do not compose:\n{reasons}")
    draft = file.with_suffix(".tmp")
    await asyncio.to_thread(draft.write_text, result.supergraph_sdl)
    draft.replace(file)


def write_configuration(urls: Mapping[str, str], file: Path) -> None:
    """Write the subgraphs' addresses as a `supergraph.yaml`, for `dictamesh supergraph compose`."""
    subgraphs = {
        name: {"routing_url": url, "schema": {"subgraph_url": url}} for name, url in urls.items()
    }
    configuration = {"federation_version": FEDERATION_VERSION, "subgraphs": subgraphs}
    file.write_text(yaml.safe_dump(configuration, sort_keys=False))


async def _sdl(client: httpx.AsyncClient, url: str) -> str:
    response = await client.post(url, json={"query": _SERVICE})
    sdl = response.raise_for_status().json()["data"]["_service"]["sdl"]
    return str(sdl)
