"""A Docker engine of the test's own: Debian's dockerd on a socket, with storage and in a network of its own, which all go
with it. And Compose of Debian sid, unpacked, since Debian 12 has none.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import gitlab

# Of linux/sockios.h and linux/if.h.
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1
PLUGINS = gitlab.ROOT / "target/docker-plugins"
# Set where this program runs in a network of its own already.
ALONE = "ENGINE_ALONE"


def alone() -> None:
    """Runs this program again in a network of its own, where bridges and firewall rules of an engine touch nobody and go
    with it. What has to be fetched is fetched before. Where that may not be, no engine starts either.
    """
    if os.environ.get(ALONE):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            up = struct.pack("16sh22x", b"lo", IFF_UP)
            fcntl.ioctl(any_socket, SIOCSIFFLAGS, up)
    elif not reason() and subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode == 0:
        os.environ[ALONE] = "yes"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])


def reason() -> str:
    """Why there is no engine to start; nothing when there is one."""
    if os.environ.get("WITHOUT_DOCKER"):
        return "WITHOUT_DOCKER is set"
    if os.geteuid():
        return "an engine needs root"
    if not daemon() or not Path(docker()).exists():
        return "there is no dockerd, or no docker"
    return ""


def daemon() -> str | None:
    return shutil.which("dockerd", path="/usr/sbin:/usr/bin:/sbin:/bin")


class Engine:
    """`host` is its address, or None where none starts: `why` says why."""

    def __init__(self):
        self.host, self.why, self.process, self.folder = None, "", None, None

    def __enter__(self):
        self.why = reason() or ("" if os.environ.get(ALONE) else "it may have no network of its own")
        if not self.why:
            self.start(daemon())
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
    """docker-compose, when it runs here."""
    subprocess.run([gitlab.ROOT / "benches/sid", PLUGINS, name], check=True)
    program = PLUGINS / "root/usr/libexec/docker/cli-plugins" / name
    asked = subprocess.run([program, "version"], capture_output=True) if program.exists() else None
    return program if asked and asked.returncode == 0 else None
