"""A project with two subgraphs, on disk or served, and the command as a user calls it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from typer.testing import CliRunner, Result

from supergraph.cli import app

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", '
    'import: ["@key", "@tag"])\n'
)
PRODUCTS = LINK + 'type Query { top: P }\ntype P @key(fields: "id") {\n  id: ID!\n  price: Int\n}\n'
RATINGS = LINK + 'type P @key(fields: "id") {\n  id: ID!\n  stars: Int\n}\n'


def run(*arguments: object) -> Result:
    """Call `dictamesh supergraph` with these arguments."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@contextmanager
def serving(
    body: Callable[[], bytes], status: int = 200, seen: list[str] | None = None
) -> Iterator[str]:
    """A server that answers every request the same; `seen` gets queries and the header X-Key."""
    noted = seen if seen is not None else []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            noted.append(self.headers.get("X-Key", ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body())

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            noted.append(json.loads(self.rfile.read(length))["query"])
            noted.append(self.headers.get("X-Key", ""))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/graphql"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
