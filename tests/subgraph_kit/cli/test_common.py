"""What the commands share leaves the process as it was."""

import structlog

from subgraph_kit.cli.common import sentences_for_errors


def test_warnings_are_silent_while_a_command_speaks_and_come_back_after_it() -> None:
    log = structlog.get_logger("test")
    with structlog.testing.capture_logs() as logs:
        with sentences_for_errors():
            log.warning("during")
            log.error("failure during")
        log.warning("after")
    assert [entry["event"] for entry in logs] == ["failure during", "after"]
