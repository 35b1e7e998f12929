"""The sentences for what keeps a subgraph's answer away, whatever the protocol.

They name the subgraph and the kind of failure; never an address, a header or a body.
"""

from __future__ import annotations

import ssl

from gateway.transport.base import SubgraphCallError


def no_route(subgraph: str) -> SubgraphCallError:
    """Nobody said where the subgraph is."""
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_CONNECTION_ERROR",
        f'Subgraph "{subgraph}" has no routing URL; set one in the supergraph, or as '
        f"subgraphs.{subgraph}.url in the gateway's configuration",
    )


def timed_out(subgraph: str, seconds: float | None) -> SubgraphCallError:
    """No whole answer within `seconds`; None where the system gave up, or whoever called."""
    within = f"within {seconds:g} s" if seconds is not None else "in time"
    return SubgraphCallError(
        subgraph, "SUBREQUEST_TIMEOUT", f'Subgraph "{subgraph}" did not answer {within}'
    )


def connect_timed_out(subgraph: str, seconds: float) -> SubgraphCallError:
    """No connection within `seconds`."""
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_TIMEOUT",
        f'Subgraph "{subgraph}" did not accept a connection within {seconds:g} s',
    )


def closed_early(subgraph: str, *, received: bool) -> SubgraphCallError:
    """The connection ended before the answer was whole; `received` says whether it had begun."""
    when = "before its answer was whole" if received else "without an answer"
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_CONNECTION_ERROR",
        f'Subgraph "{subgraph}" closed the connection {when}',
    )


def no_http(subgraph: str, version: str) -> SubgraphCallError:
    """The answer is not of the protocol."""
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_MALFORMED_RESPONSE",
        f'Subgraph "{subgraph}" answered with something that is no {version} response',
    )


def unreachable(subgraph: str, reason: str) -> SubgraphCallError:
    """No connection could be opened, for a `reason` in a few words."""
    return SubgraphCallError(
        subgraph,
        "SUBREQUEST_CONNECTION_ERROR",
        f'Subgraph "{subgraph}" cannot be reached: {reason}',
    )


def connection_problem(error: OSError) -> str:
    """A few words on why there is no connection, without the address."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return "the TLS handshake failed"
    if isinstance(error, ConnectionRefusedError) or "refused" in str(error).lower():
        return "the connection was refused"
    if isinstance(error, ConnectionError):
        return "the connection was reset"
    if type(error).__name__ == "gaierror":
        return "its host name is not known"
    return "no connection could be opened"
