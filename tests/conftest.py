"""For all tests."""

from __future__ import annotations

import signal

# Some tests end what they started as a user does, with Ctrl-C. Whoever runs the tests in a shell's
# background has that signal ignored, and everything that is started from here would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
