"""Logs and errors carry no secret and no personal data."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import astuple
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningMesh, error_free

pytestmark = pytest.mark.asyncio(loop_scope="session")


def read_logs(directory: Path) -> dict[str, str]:
    return {path.name: path.read_text(errors="replace") for path in directory.glob("*.log")}


async def test_no_log_has_a_secret_or_an_e_mail_address(running: RunningMesh) -> None:
    name = f"needle-{uuid.uuid4().hex[:8]}"
    customer = await running.create_customer(name, "Haystack", f"{name}@example.com")
    query = "query ($id: ID!) { customer(id: $id) { name email } }"
    found = error_free(await running.gateway.ask(query, {"id": customer}))
    assert found["customer"]["email"] == f"{name}@example.com"
    await running.gateway.ask(f'{{ customers(filter: {{email: "{name}@example.com"}}) {{ id }} }}')
    await running.gateway.ask(f'{{ customer(id: "{name}") {{ nonsense }} }}')
    change = f'updateCustomerEmail(id: "{customer}", email: "{name}")'
    await running.gateway.ask(f"mutation {{ {change} {{ id }} }}")
    logs = await asyncio.to_thread(read_logs, running.mesh.data_dir / "log")
    assert {"gateway.log", "customers-subgraph.log", "cms.log"} <= logs.keys()
    for file, text in logs.items():
        assert name not in text, f"{file} has personal data"
        for secret in astuple(running.mesh.credentials):
            assert secret not in text, f"{file} has a secret"
