"""The image of the tools, PYPELINES_IMAGE: built without any registry, looked through, and jobs run in it.

Prints what is wrong, then 'image: N passed, N failed'. The static binary of all tools is looked for in the folder STATIC_BIN_DIR.
"""

import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import bases
import engine
import gates
import gitlab
import scripts
from checks import check, report

IMAGE = "pypelines:test"
# What ci/image/build makes for it to stand on.
BASE = "busybox-static:debian"
# What the engine itself puts into every container.
ENGINES_OWN = {".dockerenv", "etc/hostname", "etc/hosts", "etc/resolv.conf", "dev/console"}
# Jobs of every kind that an image with busybox's programs has to be enough for.
JOBS = ("prepare-build", "lines-of-code-badge", "deploy-tools")
VARIABLES = {
    "PYPELINES_IMAGE": IMAGE,
    "CI_PROJECT_NAME": "numbers-api",
    "CI_PROJECT_TITLE": 'Numbers "API"',
    "LINES_OF_CODE_BADGE": "lines-of-code-badge.svg",
    "ARTIFACTORY_HOST": "registry.example.com",
    "DOCKER_TEAM_REGISTRY_PREFIX": "team",
    "ARTIFACTORY_USER": "bot",
    "ARTIFACTORY_PASSWORD": "s3cret-password",
}

class Images:
    """docker, and the image that it built."""

    def __init__(self, docker: engine.Engine, binaries: Path):
        self.environment = os.environ | docker.environment() | {"DOCKER": engine.docker()}
        self.tools = sorted(path.parent.name for path in gitlab.ROOT.glob("crates/*/Cargo.toml"))
        self.binaries = binaries

    def call(self, *command: object) -> subprocess.CompletedProcess:
        return subprocess.run(list(map(str, command)), env=self.environment, capture_output=True)

    def docker(self, *arguments: object) -> subprocess.CompletedProcess:
        return self.call(engine.docker(), *arguments)

    def build(self, *more: str) -> str:
        """What ci/image/build prints: the name of this machine's image, or the digest of what was pushed."""
        options = ("--arch", os.uname().machine, "--base", "busybox-static", "--bin-dir", self.binaries)
        done = self.call(gitlab.ROOT / "ci/image/build", *options, *more)
        check(f"the image is built: {' '.join(more)}", done.returncode == 0, done.stderr.decode())
        return done.stdout.decode().strip()


def contents(images: Images, name: str) -> None:
    """Nothing but the tools, which are one binary, a shell with its names, and the certificates."""
    made = images.docker("create", name).stdout.decode().strip()
    exported = tarfile.open(fileobj=io.BytesIO(images.docker("export", made).stdout))
    files = {one.name.removeprefix("./") for one in exported if one.isfile()} - ENGINES_OWN
    expected = {"usr/local/bin/pypelines", "bin/busybox", "etc/passwd", "etc/group", "etc/ssl/certs/ca-certificates.crt"}
    check("nothing else is in it", files == expected, files ^ expected)
    links = {one.name.removeprefix("./") for one in exported if one.issym() and one.linkname == "pypelines"}
    check("each tool is a link", links == {f"usr/local/bin/{tool}" for tool in images.tools}, links)
    bundle = exported.extractfile("etc/ssl/certs/ca-certificates.crt").read()
    check("it has Mozilla's authorities", bundle.count(b"BEGIN CERTIFICATE") > 100, bundle[:200])
    weight = sum(exported.getmember(file).size for file in files)
    print(f"the image holds {weight / 1e6:.1f} MB in {len(files)} files")
    check("it is under 25 MB", weight < 25e6, weight)


def tools(images: Images, name: str) -> None:
    for tool in images.tools:
        seen = images.docker("run", "--rm", "--network", "none", name, tool, "--version")
        check(f"{tool} runs in it", seen.stdout.decode().startswith(f"{tool} "), seen.stderr.decode())


def jobs(images: Images, name: str) -> None:
    """What a runner would do: the repository as a folder, the job's lines in the image's shell."""
    folder = gitlab.repository(gitlab.HERE / "every-job.yml", gitlab.ROOT / "examples/numbers-api")
    resolved = scripts.resolved(folder)
    variables = [option for pair in VARIABLES.items() for option in ("--env", "=".join(pair))]
    options = ("--rm", "--interactive", "--network", "none", "--volume", f"{folder}:/builds", "--workdir", "/builds", *variables)
    for job in JOBS:
        more = [option for pair in resolved[job].get("variables", {}).items() for option in ("--env", "=".join(map(str, pair)))]
        lines = "\n".join(["set -e", *resolved[job].get("before_script", []), *resolved[job]["script"]])
        done = images.docker("run", *options, *more, name, "sh", "-c", lines)
        check(f"{job} runs in it", done.returncode == 0, done.stderr.decode())
    labels = (folder / ".pypelines/labels.txt").read_text()
    check("labels are put down in it", 'org.opencontainers.image.title=Numbers "API"\n' in labels, labels)
    check("names are put down in it", "CI_IMAGE=registry.example.com/team/numbers-api/ci:" in (folder / "pypelines.env").read_text())
    handed_over(images, folder / ".pypelines/bin")
    login = "\n".join(["set -e", *resolved["test-compose"]["before_script"][:2], 'cat "$DOCKER_CONFIG/config.json"'])
    seen = images.docker("run", *options, name, "sh", "-c", login)
    check("who logs in is put down in it", b'"registry.example.com":{"auth":"Ym90OnMzY3JldC1wYXNzd29yZA=="}' in seen.stdout, seen)


def handed_over(images: Images, folder: Path) -> None:
    """What deploy-tools left: it runs in an image that holds nothing of ours, and the one program is there once."""
    names = {path.name for path in folder.iterdir()}
    check("tools are handed over out of it", {"props", "image-promote", "versioner"} <= names, names)
    weight, program = sum(path.lstat().st_size for path in folder.iterdir()), (folder / "pypelines").stat().st_size
    check("as one program", weight < program * 1.1, f"{weight} bytes of {program}")
    for tool in names:
        seen = images.docker("run", "--rm", "--network", "none", "--volume", f"{folder}:/handed", BASE, f"/handed/{tool}", "--version")
        check(f"{tool} runs in another image", seen.stdout.decode().startswith(f"{tool} "), seen.stderr.decode())


def pushed(images: Images) -> None:
    with gates.registry() as address:
        digest = images.build("--push", f"{address}/pypelines:1")
        raw = images.call("skopeo", "inspect", "--raw", "--tls-verify=false", f"docker://{address}/pypelines:1").stdout
        check("its name is that of an index", bases.digest(raw) == digest, raw)
        platforms = [one["platform"]["os"] for one in json.loads(raw)["manifests"]]
        check("of the platforms that were built", platforms == ["linux"], platforms)


def main() -> int:
    binaries = Path(os.environ.get("STATIC_BIN_DIR") or gitlab.ROOT / "target/static" / os.uname().machine)
    if not (binaries / "pypelines").exists():
        print("NOT CHECKED: the image of the tools; ci/build-static has not made pypelines")
    else:
        # What ci/image/build would install.
        subprocess.run([gitlab.ROOT / "ci/packages", "busybox-static", "ca-certificates"], check=True)
        engine.alone()
        with engine.Engine() as docker:
            if docker.host:
                images = Images(docker, binaries.resolve())
                if name := images.build(IMAGE):
                    for part in (contents, tools, jobs):
                        part(images, name)
                    pushed(images)
            else:
                print(f"NOT CHECKED: the image of the tools; no Docker engine starts here: {docker.why}")
    return report("image")


if __name__ == "__main__":
    sys.exit(main())
