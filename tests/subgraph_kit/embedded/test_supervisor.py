from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from subgraph_kit.embedded import ChildFailedError, ChildSpec, Supervisor
from subgraph_kit.errors import ConfigurationError


def python(name: str, code: str, **spec: object) -> ChildSpec:
    return ChildSpec(name, [sys.executable, "-c", textwrap.dedent(code)], **spec)  # type: ignore[arg-type]  # options of the test


SLEEPS = "import time; time.sleep(60)"


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


async def test_leaving_the_context_ends_every_child(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        for name in ("one", "two"):
            await supervisor.start(python(name, SLEEPS))
        pids = list(supervisor.pids().values())
    assert all(map(gone, pids))
    assert json.loads((data_dir / "children.json").read_text()) == []


async def test_an_error_in_the_context_ends_every_child(data_dir: Path) -> None:
    pids: list[int] = []

    async def fail() -> None:
        async with Supervisor(data_dir) as supervisor:
            await supervisor.start(python("child", SLEEPS))
            pids.extend(supervisor.pids().values())
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert all(map(gone, pids))


async def test_a_child_that_ignores_the_signal_is_ended_all_the_same(data_dir: Path) -> None:
    stubborn = python(
        "stubborn",
        """
        import pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        pathlib.Path("deaf").write_text("")
        time.sleep(60)
        """,
        directory=data_dir,
        ready=lambda: exists(data_dir / "deaf"),
        stop_timeout_seconds=0.2,
    )
    async with Supervisor(data_dir) as supervisor:
        child = await supervisor.start(stubborn)
    assert gone(child.pid)


async def exists(path: Path) -> bool:
    return await asyncio.to_thread(path.exists)


async def test_what_a_child_started_ends_with_it(data_dir: Path) -> None:
    parent = python(
        "parent",
        """
        import pathlib, subprocess, sys, time
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        pathlib.Path("pid").write_text(str(child.pid))
        time.sleep(60)
        """,
        directory=data_dir,
        ready=lambda: has_text(data_dir / "pid"),
    )
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(parent)
        grandchild = int((data_dir / "pid").read_text())
    assert await soon(lambda: gone(grandchild))


async def has_text(path: Path) -> bool:
    return await exists(path) and bool(await asyncio.to_thread(path.read_text))


async def soon(condition: object, seconds: float = 5.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]  # a function of the test
            return True
        await asyncio.sleep(0.02)
    return False


async def test_a_child_that_dies_is_reported_with_its_last_words(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(
            python("brittle", "print('the disk is full'); import sys; sys.exit(3)")
        )
        death = await asyncio.wait_for(supervisor.next_death(), 5)
    assert death.name == "brittle"
    assert "exit code 3" in str(death)
    assert "the disk is full" in str(death)


async def test_a_child_that_is_killed_on_purpose_is_not_reported(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(python("victim", SLEEPS))
        await supervisor.kill("victim")
        assert supervisor.running() == []
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(supervisor.next_death(), 0.1)


async def test_a_child_can_be_started_again(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        first = await supervisor.start(python("child", SLEEPS))
        await supervisor.kill("child")
        second = await supervisor.start(python("child", SLEEPS))
        assert first.pid != second.pid
        assert supervisor.running() == ["child"]


async def test_a_child_that_ends_while_starting_is_an_error(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ChildFailedError, match=r"(?s)while starting.*no such file"):
            await supervisor.start(
                python("child", "raise SystemExit('no such file')", ready=never, tier=0)
            )
        assert supervisor.running() == []


async def test_a_process_can_be_run_to_its_end(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        write = "open('done', 'w').close()"
        await supervisor.run(python("task", write, directory=data_dir))
        assert (data_dir / "done").exists()
        assert supervisor.running() == []


async def test_a_process_that_fails_is_an_error_with_its_last_words(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ChildFailedError, match=r"(?s)exit code 1 before it was done.*no disk"):
            await supervisor.run(python("task", "raise SystemExit('no disk')"))


async def never() -> bool:
    return False


async def test_a_child_that_never_gets_ready_is_stopped(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ChildFailedError, match=r"not ready within 0\.3 s"):
            await supervisor.start(python("slow", SLEEPS, ready=never, ready_timeout_seconds=0.3))
        assert supervisor.running() == []


async def test_a_program_that_is_not_there_is_a_sentence(data_dir: Path) -> None:
    async with Supervisor(data_dir) as supervisor:
        with pytest.raises(ConfigurationError, match="ghost cannot be started"):
            await supervisor.start(ChildSpec("ghost", [str(data_dir / "missing")]))


async def test_servers_that_others_need_are_stopped_last(data_dir: Path) -> None:
    def notes_its_end(name: str, tier: int) -> ChildSpec:
        return python(
            name,
            f"""
            import pathlib, signal, sys, time
            def end(*_):
                with open("ends", "a") as ends: ends.write("{name} ")
                sys.exit()
            signal.signal(signal.SIGTERM, end)
            pathlib.Path("{name}").write_text("")
            time.sleep(60)
            """,
            directory=data_dir,
            ready=lambda: exists(data_dir / name),
            tier=tier,
        )

    async with Supervisor(data_dir) as supervisor:
        await supervisor.start(notes_its_end("client", 2))
        await supervisor.start(notes_its_end("server", 0))
    assert (data_dir / "ends").read_text().split() == ["client", "server"]


RUN = """
import asyncio, sys
from pathlib import Path
from subgraph_kit.embedded import ChildSpec, Supervisor

async def main():
    async with Supervisor(Path(sys.argv[1])) as supervisor:
        child = await supervisor.start(
            ChildSpec("child", [sys.executable, "-c", "import time; time.sleep(60)"]))
        print(child.pid, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def start_run(data_dir: Path) -> tuple[subprocess.Popen[str], int]:
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(data_dir)], stdout=subprocess.PIPE, text=True
    )
    assert run.stdout is not None
    return run, int(run.stdout.readline())


async def test_what_a_killed_run_left_is_ended_by_the_next(data_dir: Path) -> None:
    run, orphan = start_run(data_dir)
    run.kill()
    run.communicate()
    assert not gone(orphan)
    async with Supervisor(data_dir):
        assert gone(orphan)


async def test_an_orphan_that_nobody_noted_is_ended_all_the_same(data_dir: Path) -> None:
    """The supervisor was killed in the moment between starting a process and noting it."""
    run, orphan = start_run(data_dir)
    run.kill()
    run.communicate()
    (data_dir / "children.json").unlink()
    async with Supervisor(data_dir):
        assert gone(orphan)


async def test_processes_of_another_directory_are_left_alone(data_dir: Path) -> None:
    run, child = start_run(data_dir / "other")
    async with Supervisor(data_dir):
        assert not gone(child)
    run.terminate()
    run.communicate()
    async with Supervisor(data_dir / "other"):
        assert gone(child)


async def test_an_id_that_was_given_to_another_process_is_left_alone(data_dir: Path) -> None:
    bystander = await asyncio.create_subprocess_exec(sys.executable, "-c", SLEEPS)
    try:
        note = {
            "name": "child",
            "pid": bystander.pid,
            "started": psutil.Process(bystander.pid).create_time() - 100,
            "stop_signal": int(signal.SIGTERM),
            "tier": 0,
        }
        (data_dir / "children.json").write_text(json.dumps([note]))
        async with Supervisor(data_dir):
            assert not gone(bystander.pid)
    finally:
        bystander.kill()
        await bystander.wait()


@pytest.mark.parametrize("notes", ["", "[", '{"a": 1}', '[{"pid": "x"}]', '[{"pid": 1}]', "\x00"])
async def test_damaged_notes_keep_nobody_from_starting(data_dir: Path, notes: str) -> None:
    (data_dir / "children.json").write_text(notes)
    async with Supervisor(data_dir) as supervisor:
        assert supervisor.running() == []


def test_the_lock_of_a_killed_run_does_not_stay(data_dir: Path) -> None:
    run, orphan = start_run(data_dir)
    refused = subprocess.run(
        [sys.executable, "-c", RUN, str(data_dir)], capture_output=True, text=True, check=False
    )
    assert f"in use by another run (process {run.pid})" in refused.stderr
    run.kill()
    run.communicate()
    again, child = start_run(data_dir)
    assert gone(orphan)
    again.send_signal(signal.SIGINT)
    again.communicate()
    assert gone(child)
