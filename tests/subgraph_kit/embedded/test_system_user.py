"""Under root PostgreSQL runs as a user of its own, which is made once whoever comes first."""

import os
import pwd
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from subgraph_kit.embedded import postgres


def test_several_that_start_at_once_make_the_user_once(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = pwd.getpwnam("nobody")
    made: list[str] = []

    def getpwnam(name: str) -> pwd.struct_passwd:
        if name not in made:
            raise KeyError(name)
        return nobody

    def useradd(command: list[str], **_: Any) -> None:
        time.sleep(0.05)  # long enough for the others to come
        made.append(command[-1])

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(pwd, "getpwnam", getpwnam)
    monkeypatch.setattr(subprocess, "run", useradd)

    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: postgres.system_user(), range(4)))

    assert made == [postgres.SYSTEM_USER]
    assert found == [nobody] * 4
