"""A check of the tour: it holds, or it says what does not."""

from __future__ import annotations

from examples.demo.screen import Screen


class Checks:
    """Writes each check on the screen and remembers those that did not hold."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self.failures: list[str] = []

    def that(self, holds: bool, text: str, otherwise: str = "") -> bool:
        """Note a check; `otherwise` adds what was found instead."""
        if holds:
            self._screen.held(text)
        else:
            failure = f"{text}{': ' + otherwise if otherwise else ''}"
            self.failures.append(failure)
            self._screen.failed(failure)
        return holds
