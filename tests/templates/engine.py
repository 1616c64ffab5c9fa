"""A Docker engine of the test's own: Debian's dockerd on a socket and with storage of its own, which goes with it.

And Compose and buildx of Debian sid, unpacked beside it, since Debian 12 has neither.
"""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import gitlab

PLUGINS = gitlab.ROOT / "target/docker-plugins"


class Engine:
    """`host` is its address, or None where none starts: `why` says why."""

    def __init__(self):
        self.host, self.why, self.process, self.folder = None, "", None, None

    def __enter__(self):
        program = shutil.which("dockerd", path="/usr/sbin:/usr/bin:/sbin:/bin")
        if os.environ.get("WITHOUT_DOCKER"):
            self.why = "WITHOUT_DOCKER is set"
        elif os.geteuid():
            self.why = "an engine needs root"
        elif not program or not Path(docker()).exists():
            self.why = "there is no dockerd, or no docker"
        else:
            self.start(program)
        return self

    def start(self, program: str) -> None:
        # A socket's path may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
        (self.folder / "config.json").write_text("{}")
        host = f"unix://{self.folder}/docker.sock"
        command = [program, "--config-file", self.folder / "config.json", "--host", host, "--group", str(os.getgid())]
        for name, place in (("data-root", "data"), ("exec-root", "exec"), ("pidfile", "pid")):
            command += [f"--{name}", self.folder / place]
        log = self.folder / "log"
        with log.open("w") as out:
            self.process = subprocess.Popen(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            asked = subprocess.run([docker(), "--host", host, "version"], capture_output=True)
            if asked.returncode == 0:
                self.host = host
                return
            time.sleep(0.1)
        self.why = (log.read_text().splitlines() or ["it says nothing"])[-1]

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.folder:
            subprocess.run(["umount", "--quiet", "--recursive", "--lazy", self.folder / "data"], capture_output=True)
            shutil.rmtree(self.folder, ignore_errors=True)

    def environment(self) -> dict:
        """For docker and compose to find it."""
        return {"DOCKER_HOST": self.host or "unix:///nowhere", "DOCKER_TLS_VERIFY": "", "DOCKER_BUILDKIT": "1"}

    def images(self, service: str) -> list:
        """The images of the running containers of a service of compose."""
        command = [docker(), "--host", self.host]
        wanted = ["--quiet", "--filter", f"label=com.docker.compose.service={service}"]
        running = subprocess.run([*command, "ps", *wanted], capture_output=True, text=True, check=True).stdout.split()
        form = ["inspect", "--format", "{{.Config.Image}}", *running]
        return subprocess.run([*command, *form], capture_output=True, text=True, check=True).stdout.split() if running else []


def docker() -> str:
    """Debian's client: another one may want a newer engine."""
    return "/usr/bin/docker"


def plugin(name: str) -> Path | None:
    """docker-compose or docker-buildx, when it runs here."""
    subprocess.run([gitlab.ROOT / "benches/sid", PLUGINS, "docker-compose", "docker-buildx"], check=True)
    program = PLUGINS / "root/usr/libexec/docker/cli-plugins" / name
    asked = subprocess.run([program, "version"], capture_output=True) if program.exists() else None
    return program if asked and asked.returncode == 0 else None
