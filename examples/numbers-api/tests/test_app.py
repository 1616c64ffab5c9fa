"""What the application answers, without a server."""

import json
import random
import unittest
from typing import Any
from unittest import mock
from wsgiref.types import StartResponse
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

from numbers_api.app import Application


class Reply:
    """The answer to one request, which a checker of PEP 3333 has looked at."""

    def __init__(self, path: str, query: str = "", method: str = "GET") -> None:
        """Send the request."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
        }
        setup_testing_defaults(environ)
        application = Application("v1.2.3", random.Random(7))  # noqa: S311
        checked = validator(application)
        result = checked(environ, self._start())
        try:
            self.body = b"".join(result)
        finally:
            getattr(result, "close")()  # noqa: B009

    def _start(self) -> StartResponse:
        def start(status: str, headers: list[tuple[str, str]], _error: Any = None, /) -> Any:  # noqa: ANN401
            self.status = int(status.split()[0])
            self.headers = dict(headers)
            return lambda _: None

        return start

    def json(self) -> Any:  # noqa: ANN401
        """Read the body."""
        return json.loads(self.body)


class Answers(unittest.TestCase):
    """Good requests."""

    def test_random_is_within_the_range(self) -> None:
        """Both ends included, with a default."""
        for query, low, high in [("", 1, 100), ("min=5&max=5", 5, 5), ("max=-1&min=-2", -2, -1)]:
            with self.subTest(query):
                reply = Reply("/random", query)
                self.assertEqual(reply.status, 200)
                self.assertTrue(low <= reply.json()["number"] <= high)

    def test_even_is_even(self) -> None:
        """As its name says."""
        for query in ["", "min=1&max=2", "min=-3&max=-1"]:
            with self.subTest(query):
                reply = Reply("/even", query)
                self.assertEqual((reply.status, reply.json()["number"] % 2), (200, 0))

    def test_health_tells_the_version(self) -> None:
        """So that one can see what was deployed."""
        self.assertEqual(Reply("/health").json(), {"status": "ok", "version": "v1.2.3"})

    def test_answers_are_json_and_are_not_kept(self) -> None:
        """Whatever they say."""
        for path, content_type in [
            ("/random", "application/json"),
            ("/nothing", "application/problem+json"),
        ]:
            with self.subTest(path):
                headers = Reply(path).headers
                self.assertEqual(headers["Content-Type"], content_type)
                self.assertEqual(headers["Cache-Control"], "no-store")

    def test_head_is_get_without_the_body(self) -> None:
        """Monitors ask like that."""
        reply = Reply("/health", method="HEAD")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assertEqual(reply.headers["Content-Length"], str(len(Reply("/health").body)))


class Refusals(unittest.TestCase):
    """Bad requests."""

    def test_a_query_that_cannot_be_understood_is_a_bad_request(self) -> None:
        """And the answer names what is wrong."""
        table = [
            ("min=x", "'min' is 'x'"),
            ("min=", "'min' is ''"),
            ("max=1.5", "'max' is '1.5'"),
            ("max=1e3", "'max' is '1e3'"),
            ("min=1_0", "'min' is '1_0'"),
            ("min=%D9%A3", "not a whole number"),
            ("min=%FF", "not a whole number"),
            ("min=%2B1", "'min' is '+1'"),
            ("max=9007199254740992", "numbers from"),
            ("max=" + "9" * 5000, "not a whole number"),
            ("min=1&min=2", "'min' is given twice"),
            ("low=1", "no parameter 'low'"),
            ("&".join(["min=1"] * 11), "too many parameters"),
        ]
        for path in ("/random", "/even"):
            for query, expected in table:
                with self.subTest(path=path, query=query[:40]):
                    reply = Reply(path, query)
                    self.assertEqual(reply.status, 400)
                    self.assertIn(expected, reply.json()["detail"])
        self.assertEqual(Reply("/health", "min=1").status, 400)

    def test_a_range_without_an_answer_is_unprocessable(self) -> None:
        """The query is understood, but no number is like that."""
        for path, query in [("/random", "min=2&max=1"), ("/even", "min=3&max=3")]:
            with self.subTest(path):
                reply = Reply(path, query)
                self.assertEqual(reply.status, 422)
                self.assertIn("there is no", reply.json()["detail"])

    def test_what_is_not_there_is_not_found(self) -> None:
        """Paths are exact."""
        for path in ("/", "/random/", "/Random", "/health.json"):
            with self.subTest(path):
                self.assertEqual(Reply(path).status, 404)
        # PEP 3333 has the bytes of a path as Latin-1.
        reply = Reply("/é".encode().decode("latin-1"))
        self.assertEqual((reply.status, reply.json()["detail"]), (404, "there is nothing at /é"))

    def test_only_reading_is_allowed(self) -> None:
        """And the answer says so."""
        for method in ("POST", "PUT", "DELETE", "OPTIONS"):
            with self.subTest(method):
                reply = Reply("/random", method=method)
                self.assertEqual((reply.status, reply.headers["Allow"]), (405, "GET, HEAD"))

    def test_a_bug_is_logged_and_not_shown(self) -> None:
        """The client learns that it was not its fault."""
        broken = mock.patch("numbers_api.app.any_number", side_effect=RuntimeError("secret"))
        with broken, self.assertLogs("numbers_api.app", "ERROR"):
            reply = Reply("/random")
        self.assertEqual(reply.status, 500)
        self.assertNotIn(b"secret", reply.body)
