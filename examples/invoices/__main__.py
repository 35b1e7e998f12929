"""`python -m examples.invoices`: serve the invoices subgraph."""

from __future__ import annotations

import sys

from examples.environment import port_argument
from examples.invoices.subgraph import adapters_from_environment, build_app
from subgraph_kit.errors import ConfigurationError


def main() -> None:
    """Serve until a signal ends it."""
    port = port_argument("The invoices subgraph.", 4003)
    try:
        app = build_app(*adapters_from_environment())
    except ConfigurationError as error:
        sys.exit(str(error))
    app.run(port=port)


if __name__ == "__main__":
    main()
