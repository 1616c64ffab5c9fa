"""What the workflows for GitHub run against: a release of our tools on a server, a repository, the double of GitHub, a registry."""

import dataclasses
import functools
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from pathlib import Path

import gitlab
import servers
from checks import check
from github import Event, Ran, Refused, Runner

FOLDER = gitlab.WORK / "workflows"
RECORD = FOLDER / "record"
STRICT = gitlab.HERE / "strict"
REPOSITORY, TOKEN = "team/numbers-api", "s3cret-token-of-the-workflow"
TOOLS = ("versioner", "image-promote", "props", "release", "image-track", "image-gate", "loc-badge")
SECRETS = {"GITHUB_TOKEN": TOKEN, "REGISTRY_USER": servers.USER, "REGISTRY_PASSWORD": servers.PASSWORD}
VERSION = next(line.split('"')[1] for line in (gitlab.ROOT / "Cargo.toml").read_text().splitlines() if line.startswith("version = "))
ARCH = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
GIT = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z", "GIT_CONFIG_GLOBAL": os.devnull}

# Whatever an earlier line has said is why it is not as it should be.
BROKEN = (Refused, KeyError, ValueError, OSError, subprocess.CalledProcessError)


def equal(title: str, seen: object, expected: object) -> None:
    check(title, seen == expected, f"{seen!r} is not {expected!r}")


class Quiet(http.server.SimpleHTTPRequestHandler):
    """Files of a folder; `asked` has what was asked for, with the bearer's token."""

    asked: list = []

    def do_GET(self):
        Quiet.asked.append((self.path, self.headers.get("Authorization", "")))
        super().do_GET()

    def log_message(self, *_):
        pass


def sums(folder: Path) -> None:
    lines = [f"{hashlib.sha256(one.read_bytes()).hexdigest()}  {one.name}\n" for one in sorted(folder.glob("*.tar.gz"))]
    (folder / "SHA256SUMS").write_text("".join(lines))


class Release:
    """A release of pypelines as a server has it: an archive of each tool, of this machine's binaries, and the checksums."""

    def __init__(self, binaries: str):
        self.files = FOLDER / "server/release"
        self.files.mkdir(parents=True)
        for tool in TOOLS:
            stripped = FOLDER / tool
            subprocess.run(["strip", "-o", stripped, Path(binaries) / tool], check=True)
            self.archive(tool, stripped.read_bytes())
        sums(self.files)
        handler = functools.partial(Quiet, directory=str(FOLDER / "server"))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.server = f"http://127.0.0.1:{server.server_port}"
        self.url = f"{self.server}/release"

    def path(self, tool: str) -> Path:
        return self.files / f"{tool}-{VERSION}-linux-{ARCH}.tar.gz"

    def archive(self, tool: str, program: bytes) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as tar:
            for name, content, mode in ((tool, program, 0o755), ("README.md", b"# Tools\n", 0o644)):
                member = tarfile.TarInfo(f"{tool}-{VERSION}-linux-{ARCH}/{name}")
                member.size, member.mode = len(content), mode
                tar.addfile(member, io.BytesIO(content))
        self.path(tool).write_bytes(gzip.compress(packed.getvalue(), 1))



class Service:
    """The example's repository, as GitHub has it."""

    def __init__(self):
        self.folder = FOLDER / "numbers-api"
        shutil.copytree(gitlab.ROOT / "examples/numbers-api", self.folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("feat: serve random numbers")
        self.git("tag", "1.3.0")
        self.main = self.commit("feat: serve even numbers")
        # What a workflow asks for is a commit.
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")

    def git(self, *arguments: str) -> str:
        command = ["git", "-C", str(self.folder), "-c", "user.name=Test", "-c", "user.email=test@example.com", *arguments]
        return subprocess.run(command, check=True, env=os.environ | GIT, capture_output=True, text=True).stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)
        return self.git("rev-parse", "HEAD")


class World:
    """Everything that a run needs."""

    def __init__(self, binaries: str, release: Release, service: Service, running: servers.Servers, place: str = "runner"):
        self.binaries, self.release, self.service, self.servers = binaries, release, service, running
        self.base = f"{running.registry}/{REPOSITORY}"
        environment = {
            "PATH": f"{STRICT}:{os.environ['PATH']}",
            "RECORD": str(RECORD),
            "ENGINE": "",
            "LC_ALL": "C.UTF-8",
            # That of a job's home alone counts.
            "GIT_CONFIG_NOSYSTEM": "1",
        }
        self.runner = Runner(FOLDER / place, environment, dict(SECRETS))

    def event(self, name: str = "main", kind: str = "branch", **more) -> Event:
        return Event(self.service.folder, self.service.main, name, kind, api=self.servers.api, **more)

    def run(self, name: str, event: Event, only: tuple = (), **inputs) -> Ran:
        given = {key.replace("_", "-"): value for key, value in inputs.items()}
        ran = self.runner.run(f".github/workflows/{name}.yml", event, given, only)
        (self.runner.folder / f"{name}-{self.runner.count}.log").write_text(ran.log)
        seen = ran.log + ran.summary + (RECORD / "calls").read_text()
        check(f"{name}: nobody sees a secret", not [key for key, secret in SECRETS.items() if key != "REGISTRY_USER" and secret in seen])
        return ran

    def of_image(self, name: str, event: Event, **inputs) -> Ran:
        ours = {"registry": self.servers.registry, "image_base": self.base, "tools_url": self.release.url}
        return self.run(name, event, **(ours | inputs))

    def request(self) -> Event:
        """That of a pull request, of a fork: what it is merged with is tried."""
        return dataclasses.replace(self.event("7/merge"), name="pull_request", head_ref="feature/odd-numbers")

    @property
    def logins(self) -> list:
        """The registries that the last job was logged in to."""
        file = self.runner.folder / f"job-{self.runner.count}/home/.docker/config.json"
        return sorted(json.loads(file.read_text())["auths"]) if file.exists() else []

    def digest(self, image: str) -> str | None:
        found = self.servers.image(f"{REPOSITORY}/{image}")
        return found and found["digest"]

    def mark(self, image: str, *marks: str) -> None:
        home = FOLDER / "home"
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PROPS_REGISTRY": self.servers.registry}
        environment |= {"PROPS_REGISTRY_USER": servers.USER, "PROPS_REGISTRY_PASSWORD": servers.PASSWORD}
        subprocess.run([f"{self.binaries}/props", "set", f"{self.base}/{image}", *marks], check=True, env=environment, capture_output=True)


def passes(title: str, ran: Ran) -> bool:
    check(f"{title} passes", ran.passed, ran.log)
    return ran.passed
