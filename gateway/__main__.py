"""`python -m gateway`: the gateway's part of the `dictamesh` command."""

from gateway.cli import app

if __name__ == "__main__":
    app()
