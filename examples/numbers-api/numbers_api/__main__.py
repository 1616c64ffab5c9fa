"""Runs the service: `python -m numbers_api`."""

import argparse
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from numbers_api.app import Application
from numbers_api.server import Server

log = logging.getLogger("numbers_api")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    options = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    application = Application(version=os.environ.get("CI_COMMIT_TAG") or "unreleased")
    try:
        server = Server(options.host, options.port, application)
    except OSError as error:
        sys.stderr.write(f"numbers-api: cannot listen on {options.host}:{options.port}: {error}\n")
        return 1
    signal.signal(signal.SIGTERM, stop)
    with server:
        log.info("listening on %s:%s", *server.server_address[:2])
        try:
            server.serve_forever(poll_interval=0.1)
        except KeyboardInterrupt:
            log.info("stopped")
    return 0


def parser() -> argparse.ArgumentParser:
    """Describe the command line; what is not given comes from the environment."""
    described = argparse.ArgumentParser(prog="numbers-api", description="Random numbers over HTTP")
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8080"
    described.add_argument("--host", default=host, help="address to listen on [env: HOST]")
    described.add_argument("--port", default=port, type=read_port, help="port [env: PORT]")
    return described


def read_port(text: str) -> int:
    """Read the number of a port."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{text!r} is no port; one is a number from 0 to 65535")
    return int(text)


def stop(_signal: int, _frame: FrameType | None) -> None:
    """Stop as Ctrl-C does: as process 1 of a container, Python would ignore SIGTERM otherwise."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
