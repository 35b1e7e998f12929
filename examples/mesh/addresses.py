"""The ports of the mesh's processes: chosen once, kept in the data directory, used again."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from subgraph_kit.embedded import free_ports, require_free_port
from subgraph_kit.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports on the loopback interface."""

    cms: int
    vendor: int
    customers: int
    products: int
    invoices: int


def choose_ports(file: Path) -> Ports:
    """The ports of the last run where they are free, others where they are not."""
    names = [field.name for field in fields(Ports)]
    known = _read(file)
    fresh = iter(free_ports(len(names)))
    chosen: dict[str, int] = {}
    for name in names:
        port = known.get(name, 0)
        chosen[name] = port if port and _is_free(port) else next(fresh)
    ports = Ports(**chosen)
    file.write_text(json.dumps(asdict(ports)))
    return ports


def _read(file: Path) -> dict[str, int]:
    try:
        known = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {
        name: port for name, port in known.items() if type(port) is int and 1024 <= port < 65536
    }


def _is_free(port: int) -> bool:
    try:
        require_free_port(port, option="--port")
    except ConfigurationError:
        return False
    return True
