"""The service as its clients see it: over HTTP, on a free port."""

import argparse
import http.client
import json
import logging
import socket
import threading
import unittest
from contextlib import closing

from numbers_api.__main__ import read_port
from numbers_api.app import Application
from numbers_api.healthcheck import is_healthy
from numbers_api.server import Server


class Service(unittest.TestCase):
    """A running service."""

    def setUp(self) -> None:
        """Start it."""
        logging.disable(logging.CRITICAL)
        self.addCleanup(logging.disable, logging.NOTSET)
        server = Server("127.0.0.1", 0, Application("v1.2.3"))
        self.addCleanup(server.server_close)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.shutdown)
        self.port = server.server_port

    def test_requests_are_answered(self) -> None:
        """Each path once."""
        for path in ("/random?min=1&max=6", "/even", "/health"):
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            with self.subTest(path), closing(connection):
                connection.request("GET", path)
                reply = connection.getresponse()
                self.assertEqual(reply.status, 200)
                self.assertEqual(reply.headers["Content-Type"], "application/json")
                json.load(reply)

    def test_what_is_no_http_is_refused_in_json(self) -> None:
        """Instead of in a page of HTML."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as client:
            client.sendall(b'no "http\r\n\r\n')
            reply = client.makefile("rb").read()
        json.loads(reply[reply.index(b"{") :])
        self.assertIn(b"400", reply)

    def test_a_silent_client_does_not_keep_others_waiting(self) -> None:
        """Each connection has a thread of its own."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5):
            self.assertTrue(is_healthy("127.0.0.1", self.port))


class Health(unittest.TestCase):
    """The check of the container."""

    def test_a_service_that_is_not_there_is_not_healthy(self) -> None:
        """The port was free a moment ago."""
        with socket.create_server(("127.0.0.1", 0)) as gone:
            port = gone.getsockname()[1]
        self.assertFalse(is_healthy("127.0.0.1", port))


class Port(unittest.TestCase):
    """The one setting that can be wrong."""

    def test_a_port_is_a_number_up_to_65535(self) -> None:
        """Anything else is refused before it is tried."""
        self.assertEqual((read_port("0"), read_port("65535")), (0, 65535))
        for text in ("", "-1", "65536", "http", "8080 ", "٣"):
            with self.subTest(text), self.assertRaises(argparse.ArgumentTypeError):
                read_port(text)
