"""The HTTP server around the application."""

import logging
import socket
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from numbers_api.app import Application

log = logging.getLogger(__name__)


class RequestHandler(WSGIRequestHandler):
    """Gives up on a client that says nothing, and speaks JSON even when a request is none."""

    timeout = 10
    error_content_type = "application/problem+json"
    error_message_format = '{"status": %(code)d, "detail": "%(explain)s"}\n'

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002, ANN401
        """Log one line, like everything else."""
        log.info("%s " + format, self.address_string(), *args)


class Server(ThreadingMixIn, WSGIServer):
    """A thread for each connection, so that a slow client does not keep the others waiting."""

    daemon_threads = True

    def __init__(self, host: str, port: int, application: Application) -> None:
        """Listen at once; port 0 means any that is free."""
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__((host, port), RequestHandler)
        self.set_app(application)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log a connection that broke off, without the traceback."""
        log.warning("the connection from %s broke off", client_address)
        log.debug("because of", exc_info=True)
