from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from subgraph_kit.data_product import ChangeType, Entity, EntityChange, Relationship
from subgraph_kit.errors import FatalError
from subgraph_kit.events.outbox import MemoryOutbox, Outbox, PostgresOutbox
from tests.subgraph_kit.events.samples import TRACE, a_change

CMS = ("customers", "directus")


async def accept(outbox: Outbox, *changes: EntityChange, **options: str) -> list[str]:
    return await outbox.accept(*CMS, changes, cursor=options.get("cursor"))


async def finish_one(outbox: Outbox) -> str | None:
    """Carry out what is claimed first; return the entity's id."""
    async with outbox.claim(limit=1) as batch:
        for entry in batch.entries:
            batch.done(entry)
            return entry.change.entity_id
    return None


class OutboxConformance:
    async def test_hands_out_what_was_accepted(self, outbox: Outbox) -> None:
        change = EntityChange(
            ChangeType.CREATED,
            "Customer",
            "42",
            ("email", "name"),
            occurred_at=datetime(2026, 3, 1, 12, tzinfo=UTC),
            change_id="c-1",
            entity=Entity(
                "Customer", "42", {"name": "Ada", "tags": ["a"]}, 2, "e",
                datetime(2026, 3, 1, tzinfo=UTC),
                (Relationship("has_invoice", "Invoice", "7", "shop", display_name="No. 7"),),
            ),
        )  # fmt: skip
        (event_id,) = await outbox.accept(*CMS, [change], trace=TRACE)
        async with outbox.claim() as batch:
            (entry,) = batch.entries
        assert (entry.domain, entry.source_system, entry.event_id) == (*CMS, event_id)
        assert entry.change == change
        assert entry.trace == TRACE
        assert (entry.attempts, entry.completed) == (0, frozenset())

    async def test_the_same_change_reported_twice_is_one_entry(self, outbox: Outbox) -> None:
        change = a_change(change_id="webhook-17")
        first = await accept(outbox, change)
        assert await accept(outbox, change) == first
        assert await outbox.pending() == 1
        await finish_one(outbox)
        assert await accept(outbox, change) == first
        assert await outbox.pending() == 0

    async def test_changes_without_an_id_are_each_their_own(self, outbox: Outbox) -> None:
        ids = await accept(outbox, a_change(), a_change())
        assert len(set(ids)) == 2
        assert await outbox.pending() == 2

    async def test_one_entry_per_entity_in_the_order_of_acceptance(self, outbox: Outbox) -> None:
        await accept(outbox, *[a_change(entity) for entity in ("a", "a", "b", "a")])
        async with outbox.claim() as batch:
            assert [entry.change.entity_id for entry in batch.entries] == ["a", "b"]
            async with outbox.claim() as second:  # another dispatcher finds nothing meanwhile
                assert list(second.entries) == []
            for entry in batch.entries:
                batch.done(entry)
        assert await outbox.pending() == 2
        assert [await finish_one(outbox) for _ in range(3)] == ["a", "a", None]

    async def test_entities_of_different_sources_do_not_wait_for_each_other(
        self, outbox: Outbox
    ) -> None:
        await accept(outbox, a_change("1"))
        await outbox.accept("customers", "crm", [a_change("1")])
        async with outbox.claim() as batch:
            assert len(batch.entries) == 2

    async def test_a_dispatcher_gets_only_its_sources(self, outbox: Outbox) -> None:
        await accept(outbox, a_change("1"))
        await outbox.accept("products", "vendor", [a_change("2")])
        async with outbox.claim(sources=[("products", "vendor")]) as batch:
            assert [entry.domain for entry in batch.entries] == ["products"]
        assert await outbox.pending([("products", "vendor")]) == 1
        assert await outbox.pending() == 2
        async with outbox.claim(sources=[]) as batch:
            assert list(batch.entries) == []

    async def test_what_was_not_finished_is_free_again(self, outbox: Outbox) -> None:
        await accept(outbox, a_change())

        async def break_off() -> None:
            async with outbox.claim() as batch:
                assert len(batch.entries) == 1
                raise FatalError("the dispatcher breaks off")

        with pytest.raises(FatalError):
            await break_off()
        assert await finish_one(outbox) == "42"

    async def test_a_retry_comes_when_it_is_due_and_blocks_its_entity(self, outbox: Outbox) -> None:
        await accept(outbox, a_change("a"), a_change("a"), a_change("b"))
        async with outbox.claim() as batch:
            for entry in batch.entries:
                if entry.change.entity_id == "a":
                    batch.retry(
                        entry,
                        completed=frozenset({"catalog"}),
                        delay_seconds=0.3,
                        reason="bus is down",
                    )
                else:
                    batch.done(entry)
        assert await finish_one(outbox) is None
        await asyncio.sleep(0.4)
        async with outbox.claim() as batch:
            (entry,) = batch.entries
            assert entry.attempts == 1
            assert entry.completed == frozenset({"catalog"})

    async def test_what_is_parked_lets_its_entity_go_on(self, outbox: Outbox) -> None:
        await accept(outbox, a_change("a"), a_change("a"))
        async with outbox.claim() as batch:
            (bad,) = batch.entries
            batch.park(bad, completed=frozenset(), reason="no such adapter")
        assert await finish_one(outbox) == "a"
        ((parked, reason),) = await outbox.parked()
        assert (parked.id, reason) == (bad.id, "no such adapter")
        assert await outbox.unpark(bad.id) is True
        assert await outbox.unpark(bad.id) is False
        assert await finish_one(outbox) == "a"

    async def test_the_cursor_moves_with_what_was_accepted(self, outbox: Outbox) -> None:
        assert await outbox.cursor(*CMS) is None
        await accept(outbox, a_change(), cursor="page-1")
        await accept(outbox, cursor="page-2")
        await accept(outbox, a_change())
        assert await outbox.cursor(*CMS) == "page-2"
        assert await outbox.cursor("products", "vendor") is None

    async def test_every_waiting_dispatcher_is_woken(self, outbox: Outbox) -> None:
        ready, busy = asyncio.Barrier(4), asyncio.Event()

        async def dispatcher(*, is_busy: bool = False) -> None:
            for _ in range(3):  # whatever woke it before
                await outbox.wait(0.1)
            await ready.wait()
            if is_busy:
                await busy.wait()
            await outbox.wait(30)

        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(dispatcher()) for _ in range(2)]
            late = tasks.create_task(dispatcher(is_busy=True))
            await ready.wait()
            await asyncio.sleep(0.05)
            await accept(outbox, a_change())
            await asyncio.wait(waiting)
            assert not late.done()
            busy.set()


class TestMemoryOutbox(OutboxConformance):
    @pytest.fixture
    def outbox(self) -> Outbox:
        return MemoryOutbox()


@pytest.mark.embedded
class TestPostgresOutbox(OutboxConformance):
    @pytest.fixture
    async def outbox(self, postgres_dsn: str) -> AsyncIterator[PostgresOutbox]:
        outbox = await PostgresOutbox.connect(postgres_dsn)
        yield outbox
        await outbox.close()

    async def test_accepts_all_or_nothing(self, outbox: PostgresOutbox) -> None:
        with pytest.raises(FatalError, match="cannot hold a value"):
            await accept(outbox, a_change("fine"), a_change("x" * 300), cursor="moved")
        assert await outbox.pending() == 0
        assert await outbox.cursor(*CMS) is None

    async def test_keeps_no_entity_data_of_what_is_done(self, outbox: PostgresOutbox) -> None:
        entity = Entity("Customer", "42", {"email": "ada@example.org"})
        await accept(outbox, a_change(entity=entity))
        await finish_one(outbox)
        async with outbox._database.acquire() as connection:
            assert "ada@" not in str(await connection.fetch("SELECT * FROM outbox"))

    async def test_prunes_only_what_is_done(self, outbox: PostgresOutbox) -> None:
        await accept(outbox, a_change("1"), a_change("2"))
        await finish_one(outbox)
        assert await outbox.prune(keep_days=7) == 0
        assert await outbox.prune(keep_days=0) == 1
        assert await outbox.pending() == 1
