"""For all tests."""

from __future__ import annotations

import os
import signal
import tempfile

# Some tests end what they started as a user does, with Ctrl-C. Whoever runs the tests in a shell's
# background has that signal ignored, and everything that is started from here would inherit it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Processes that tests start are many, and all of the same modules: what one has compiled the next
# one reads, wherever Python was told to leave no bytecode beside the sources.
if "PYTHONPYCACHEPREFIX" not in os.environ:
    _bytecode = tempfile.TemporaryDirectory(prefix="dm-bytecode-")  # ends with this process
    os.environ["PYTHONPYCACHEPREFIX"] = _bytecode.name
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
