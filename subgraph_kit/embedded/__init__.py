"""PostgreSQL and Redis from wheels, under one supervisor, for laptops and tests."""

from subgraph_kit.embedded.child import Child, ChildFailedError, ChildSpec
from subgraph_kit.embedded.ports import free_ports, require_free_port
from subgraph_kit.embedded.postgres import EmbeddedPostgres
from subgraph_kit.embedded.probes import http_ok, tcp_open
from subgraph_kit.embedded.redis import EmbeddedRedis
from subgraph_kit.embedded.supervisor import Supervisor

__all__ = [
    "Child",
    "ChildFailedError",
    "ChildSpec",
    "EmbeddedPostgres",
    "EmbeddedRedis",
    "Supervisor",
    "free_ports",
    "http_ok",
    "require_free_port",
    "tcp_open",
]
