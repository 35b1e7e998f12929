"""The `dictamesh` command: gathers the command lines of the packages into one."""


def main() -> None:
    """Run the `dictamesh` command."""
