"""The publish job against pypiserver: what gets there, and what does not.

Prints what is wrong, then 'publishing: N passed, N failed'.
"""

import os
import shutil
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pypiserver
import yaml
from passlib.apache import HtpasswdFile

import gitlab
from checks import check, report

USER, PASSWORD = "publisher", "s3cret-of-the-index"
# A package of poetry's, whose version the tag says.
SMALL_NUMBERS = gitlab.HERE / "small-numbers"


class Silent(WSGIRequestHandler):
    def log_message(self, *_):
        pass


@contextmanager
def index(packages: Path):
    """The address of a package index that keeps its files in `packages`, for one account."""
    accounts = packages.parent / "accounts"
    accounts.unlink(missing_ok=True)
    file = HtpasswdFile(str(accounts), new=True)
    file.set_password(USER, PASSWORD)
    file.save()
    app = pypiserver.app(roots=[str(packages)], password_file=str(accounts), authenticate=["update"])
    with make_server("127.0.0.1", 0, app, handler_class=Silent) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/"
        finally:
            server.shutdown()
            thread.join()


def wheels() -> Path:
    """What the job and the backends of the packages install, as a folder: no index is asked while they run."""
    folder = gitlab.ROOT / "target/wheels-of-publish"
    if not folder.exists():
        pinned = yaml.safe_load((gitlab.ROOT / "ci/_base/vars.yml").read_text())["variables"]
        wanted = [f"build=={pinned['PYTHON_BUILD_VERSION']}", f"twine=={pinned['TWINE_VERSION']}", "poetry-core>=2", "setuptools>=77"]
        part = folder.with_suffix(".part")
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--dest", part]
        subprocess.run([*pip, *wanted], check=True)
        part.rename(folder)
    return folder


def publish(folder: Path, tag: str, **more: str):
    """How the job ended, and all it said."""
    variables = {
        "CI_COMMIT_BRANCH": None,
        "CI_COMMIT_TAG": tag,
        "CI_COMMIT_REF_NAME": tag,
        "ARTIFACTORY_USER": USER,
        "ARTIFACTORY_PASSWORD": PASSWORD,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels()),
    }
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = gitlab.run(folder, variables | more, "--shell-isolation", "publish", PATH=path)
    return done.returncode == 0, done.stdout + done.stderr


def main() -> int:
    packages = gitlab.WORK / "index/packages"
    shutil.rmtree(packages, ignore_errors=True)
    packages.mkdir(parents=True)
    there = lambda: sorted(path.name for path in packages.iterdir())
    pipeline = gitlab.HERE / "publish.yml"
    numbers = gitlab.repository(pipeline, gitlab.ROOT / "examples/numbers-api", "publish-numbers")
    small = gitlab.repository(pipeline, SMALL_NUMBERS, "publish-small-numbers")

    with index(packages) as address:
        ok, said = publish(numbers, "1.0.0", TEAM_PYPI_REPO=address, ARTIFACTORY_PASSWORD="")
        check("a missing password is named", not ok and "TWINE_PASSWORD: set it, or ARTIFACTORY_PASSWORD" in said, said)
        ok, said = publish(numbers, "1.0.0", TEAM_PYPI_REPO="team-pypi")
        check("a name on Artifactory needs Artifactory's host", not ok and "ARTIFACTORY_HOST: needed for TEAM_PYPI_REPO" in said, said)
        ok, said = publish(numbers, "2.0.0", TEAM_PYPI_REPO=address)
        check("a tag that is not the package's version is refused", not ok and "the tag is 2.0.0 and the package is numbers_api-1.0.0" in said, said)
        check("nothing of that arrives", there() == [], there())

        ok, said = publish(small, "v1.3.0-rc.1", TEAM_PYPI_REPO=address)
        check("a package of poetry's is published, and 0.0.0 is the tag's version", ok, said)
        check("as wheel and sdist", there() == ["small_numbers-1.3.0rc1-py3-none-any.whl", "small_numbers-1.3.0rc1.tar.gz"], there())
        check("after both could be installed and removed", said.count("can be installed and removed") == 2, said)
        check("the password is in no log", PASSWORD not in said)
        ok, said = publish(small, "1.3.0-rc.1", TEAM_PYPI_REPO=address)
        check("what is published already is not published over", not ok and "HTTPError" in said, said)
    return report("publishing")


if __name__ == "__main__":
    sys.exit(main())
