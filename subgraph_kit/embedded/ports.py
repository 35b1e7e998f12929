"""Ports on the loopback interface: find a free one, or say that a wanted one is taken."""

from __future__ import annotations

import socket
from contextlib import ExitStack

from subgraph_kit.errors import ConfigurationError


def free_ports(count: int, host: str = "127.0.0.1") -> list[int]:
    """Different ports that are free now. All are held until all are found."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((host, 0))
        return [each.getsockname()[1] for each in sockets]


def require_free_port(port: int, *, option: str, host: str = "127.0.0.1") -> int:
    """Return `port` if it is free, or any free one where it is 0.

    Raises:
        ConfigurationError: if another program listens there, or the port may not be used.
    """
    if port == 0:
        return free_ports(1, host)[0]
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = (
                "is in use by another program"
                if isinstance(error, OSError) and error.errno in (48, 98)
                else "cannot be used"
            )
            raise ConfigurationError(
                f"Port {port} on {host} {reason}. Stop what listens there, or choose another "
                f"port with {option} ({option} 0 takes any free one)."
            ) from error
    return port
