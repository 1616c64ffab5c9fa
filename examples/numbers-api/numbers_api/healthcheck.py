"""Asks the service whether it is well: `python -m numbers_api.healthcheck`, exit code 0 or 1.

The image has no curl, and needs none.
"""

import http.client
import os
import sys

TIMEOUT = 10.0
"""Seconds; less than what the Dockerfile allows the whole check."""


def is_healthy(host: str, port: int) -> bool:
    """Tell whether /health answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException) as error:
        sys.stderr.write(f"no answer from {host}:{port}: {error}\n")
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if is_healthy("127.0.0.1", int(os.environ.get("PORT") or "8080")) else 1)
