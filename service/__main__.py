"""`taxiway`, the command: where a process begins and where its faults become an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from service.cli.parser import build
from service.errors import StartupError

USER_FAULT = 2  # what argparse uses for a wrong command line, too
INTERRUPTED = 130  # 128 + SIGINT, as a shell reports it


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and answers its exit code: 0 done, 1 a `no` or a bug, 2 something for the user to put right."""
    # gRPC reads it when it is imported, and would write lines of its own on standard error.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    command = build().parse_args(arguments)
    try:
        return int(command.run(command))
    except StartupError as error:
        for sentence in str(error).splitlines():
            sys.stderr.write(f"taxiway: {sentence}\n")
        return USER_FAULT
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception:  # noqa: BLE001 - The last place where a bug can be logged, with the secrets in its text hidden.
        return _report_bug()


def _report_bug() -> int:
    import structlog  # noqa: PLC0415 - `taxiway --help` does without.

    from service import logging  # noqa: PLC0415 - As above.

    if not structlog.is_configured():
        logging.configure()
    structlog.get_logger().exception("unexpected fault")
    return 1


if __name__ == "__main__":
    sys.exit(main())
