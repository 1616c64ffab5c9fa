"""The WSGI application: which path answers what (PEP 3333)."""

import json
import logging
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from wsgiref.types import StartResponse, WSGIEnvironment

from numbers_api.draw import EmptyRangeError, any_number, even_number
from numbers_api.query import QueryError, read_range, refuse_parameters

log = logging.getLogger(__name__)

Handler = Callable[[str], Mapping[str, object]]


@dataclass(frozen=True)
class Answer:
    """What is sent back, as JSON."""

    status: HTTPStatus
    body: Mapping[str, object]
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "application/json"


def problem(status: HTTPStatus, detail: str, *headers: tuple[str, str]) -> Answer:
    """Say what is wrong, in the form of RFC 9457."""
    body = {"status": status.value, "title": status.phrase, "detail": detail}
    return Answer(status, body, headers, "application/problem+json")


@dataclass(frozen=True)
class Application:
    """Answers requests; `source` is where its numbers come from, `version` what /health reports."""

    version: str
    source: random.Random = field(default_factory=random.SystemRandom)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        method = environ["REQUEST_METHOD"]
        # PEP 3333 has the bytes of the path as Latin-1.
        path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "replace")
        answer = self.answer(method, path, environ.get("QUERY_STRING", ""))
        body = json.dumps(answer.body).encode() + b"\n"
        headers = [
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(body))),
            # A random number that a proxy has kept is none.
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *answer.headers,
        ]
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [] if method == "HEAD" else [body]

    def answer(self, method: str, path: str, query: str) -> Answer:
        """Find the handler of a path and translate what it raises."""
        handler = self.routes().get(path)
        if handler is None:
            return problem(HTTPStatus.NOT_FOUND, f"there is nothing at {path}")
        if method not in ("GET", "HEAD"):
            allowed = ("Allow", "GET, HEAD")
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, f"{path} can only be read", allowed)
        try:
            return Answer(HTTPStatus.OK, handler(query))
        except QueryError as error:
            return problem(HTTPStatus.BAD_REQUEST, str(error))
        except EmptyRangeError as error:
            return problem(HTTPStatus.UNPROCESSABLE_ENTITY, str(error))
        except Exception:
            log.exception("%s %s failed", method, path)
            return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the reason is in the service's log")

    def routes(self) -> Mapping[str, Handler]:
        """Name all that can be asked for."""
        return {"/random": self.random, "/even": self.even, "/health": self.health}

    def random(self, query: str) -> Mapping[str, object]:
        """Answer with a number."""
        return {"number": any_number(read_range(query), self.source)}

    def even(self, query: str) -> Mapping[str, object]:
        """Answer with an even number."""
        return {"number": even_number(read_range(query), self.source)}

    def health(self, query: str) -> Mapping[str, object]:
        """Answer that the service runs, and in which version."""
        refuse_parameters(query)
        return {"status": "ok", "version": self.version}
