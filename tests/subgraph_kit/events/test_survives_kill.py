"""Nothing that was accepted is lost: processes are killed for real, at every step."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.events.avro import EventCodec
from subgraph_kit.events.base import Record
from subgraph_kit.events.outbox import OutboxDispatcher, PostgresOutbox
from subgraph_kit.events.postgres import PostgresBus
from subgraph_kit.events.registry import CatalogRegistry
from tests.subgraph_kit.events.samples import describe

TOPIC = "customers.directus.entity_changed"
ROOT = Path(__file__).parents[3]

ADAPTER = """
import asyncio, sys, os
from subgraph_kit.catalog.postgres import PostgresCatalog
from subgraph_kit.events.outbox import OutboxDispatcher, PostgresOutbox
from subgraph_kit.events.postgres import PostgresBus
from tests.subgraph_kit.events.samples import a_change, describe

async def main(dsn, step):
    outbox = await PostgresOutbox.connect(dsn)
    ids = await outbox.accept("customers", "directus", [a_change("1"), a_change("2")])
    print("accepted", *ids, flush=True)
    async def hang(*_):
        print("reached", flush=True)
        await asyncio.sleep(60)
    if step == "accepted":
        await hang()
    bus, catalog = PostgresBus(dsn), PostgresCatalog(dsn)
    if step == "publishing":
        bus.publish = hang
    if step == "applying":
        catalog.apply_event = hang
    await OutboxDispatcher(outbox, bus, catalog, hang, describe).run()

asyncio.run(main(*sys.argv[1:]))
"""


async def run_and_kill(dsn: str, step: str) -> list[str]:
    """Run an adapter process until it reaches `step`, kill it, return the accepted event ids."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ADAPTER, dsn, step,
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    async with asyncio.timeout(30):
        _, *ids = (await process.stdout.readline()).decode().split()
        assert await process.stdout.readline() == b"reached\n"
    process.send_signal(signal.SIGKILL)
    await process.wait()
    return ids


@pytest.mark.embedded
@pytest.mark.parametrize("step", ["accepted", "applying", "publishing", "invalidating"])
async def test_a_killed_process_loses_nothing_it_accepted(postgres_dsn: str, step: str) -> None:
    ids = await run_and_kill(postgres_dsn, step)
    assert len(ids) == 2
    outbox = await PostgresOutbox.connect(postgres_dsn)
    bus, catalog = PostgresBus(postgres_dsn), PostgresCatalog(postgres_dsn)
    invalidated: list[str] = []

    async def invalidate(event: object) -> None:
        invalidated.append(event.event_id)  # type: ignore[attr-defined]  # it is an event

    dispatcher = OutboxDispatcher(outbox, bus, catalog, invalidate, describe)
    async with asyncio.timeout(20):
        while await outbox.pending():
            await dispatcher.run_once()
            await asyncio.sleep(0.02)  # the server frees the dead process's rows in its own time

    codec = EventCodec(CatalogRegistry(catalog))
    records: list[Record] = [record async for record in bus.replay(TOPIC)]
    events = [await codec.decode(record) for record in records]
    # Effectively once: published at least once, and every copy has the accepted id.
    assert {event.event_id for event in events} == set(ids)
    assert {event.event_id for event in await catalog.read_events()} == set(ids)
    assert len(await catalog.read_events()) == 2
    assert sorted(invalidated) == sorted(ids)
    for part in (outbox, bus, catalog):
        await part.close()


@pytest.mark.embedded
async def test_a_killed_publisher_leaves_no_gap(postgres_dsn: str) -> None:
    """Offsets are taken and records written together or not at all."""
    publisher = """
import asyncio, sys
from subgraph_kit.events.base import Record
from subgraph_kit.events.postgres import PostgresBus

async def main(dsn):
    bus = PostgresBus(dsn)
    for number in range(1_000_000):
        await bus.publish([Record("a.b.entity_changed", b"k", str(number).encode())] * 20)
        if number == 5:
            print("reached", flush=True)

asyncio.run(main(*sys.argv[1:]))
"""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", publisher, postgres_dsn, stdout=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        await process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    bus = PostgresBus(postgres_dsn)
    await bus.publish([Record("a.b.entity_changed", b"k", b"after")])
    records = [record async for record in bus.replay("a.b.entity_changed")]
    assert [record.offset for record in records] == list(range(len(records)))
    assert records[-1].value == b"after"
    assert len(records) >= 121
    await bus.close()
