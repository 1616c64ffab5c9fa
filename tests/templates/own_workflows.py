"""This repository's own workflows for GitHub: of a pull request, of main, of a tag. workflows.py runs them.

Only ci/test, ci/dist and ci/crates, hours of work, are those of own/.
"""

import gzip
import io
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import bases
import gitlab
import servers
from checks import check
from world import FOLDER, RECORD, REPOSITORY, TOKEN, VERSION, Release, Service, World, equal, passes, sums

STAND_INS = gitlab.HERE / "own"
CHECKOUT = {"uses": f"actions/checkout@{'0' * 40}", "with": {"persist-credentials": "false"}}
OURS = {"name": "It is ours", "run": 'git config --global --add safe.directory "$GITHUB_WORKSPACE"'}
# What is as long as a release.
VERIFIED = ["dist --verify", "crates --verify", "crates --install"]


class Project(Service):
    """A repository in the form of this one: a version in Cargo.toml, and the stand-ins."""

    def __init__(self):
        self.folder = FOLDER / "pypelines"
        for name in ("ci", "crates", "libs"):
            (self.folder / name).mkdir(parents=True)
            (self.folder / name / "lib.rs").write_text("fn main() {}\n")
        manifest = self.folder / "Cargo.toml"
        manifest.write_text('[workspace.package]\nversion = "1.3.0"\n')
        for program in (*STAND_INS.iterdir(), gitlab.ROOT / "ci/changelog"):
            shutil.copy2(program, self.folder / "ci")
        changelogs = [self.folder / "CHANGELOG.md", self.folder / "crates/props/CHANGELOG.md"]
        changelogs[1].parent.mkdir()
        for changelog in changelogs:
            changelog.write_text("# Changelog\n\n## [Unreleased]\n\n- News\n\n## [1.3.0] - 2025-12-31\n")
        self.git("init", "--quiet", "--initial-branch=main")
        self.first = self.commit("feat: begin")
        self.git("tag", "1.3.0")
        self.fix = self.commit("fix: mend")
        manifest.write_text('[workspace.package]\nversion = "1.4.0"\n')
        self.raised = self.commit("Raise the version")
        subprocess.run([self.folder / "ci/changelog", "1.4.0", "2026-01-31"], check=True, capture_output=True)
        self.main = self.commit("Say what is in it")
        self.git("config", "uploadpack.allowAnySHA1InWant", "true")


def own(binaries: str, release: Release) -> None:
    """All that this repository does for itself; ci/dist hands out what is made here."""
    dist, digest = made(binaries, release)
    project = Project()
    hub = {"repository": REPOSITORY, "token": TOKEN, "tags": {"1.4.0": project.main}, "files": {}, "workflows": ["own-release.yml"]}
    with servers.Servers(binaries, {"github": hub}) as running:
        world = World(binaries, release, project, running, "own")
        # What compiles, or fetches a compiler, has nothing to do here.
        programs = FOLDER / "programs"
        programs.mkdir()
        for name, does in (("cargo", f"mkdir -p target && ln -s '{binaries}' target/debug"), ("rustup", '[ "$1 $2" = "component add" ]')):
            (programs / name).write_text(f"#!/bin/sh\n{does}\n")
            (programs / name).chmod(0o755)
        path = f"{programs}:{world.runner.environment['PATH']}"
        world.runner.environment |= {"PATH": path, "MADE": str(dist), "E2E_BIN_DIR": binaries}
        contained(world)
        tested(world)
        tagged(world)
        published(world, dist, digest)


def contained(world: World) -> None:
    """The double: in a container git refuses the working copy unless it is told whose it is."""
    if os.geteuid():
        print("NOT CHECKED: whose a working copy is in a container; only root can give it to another")
        return
    read = {"name": "Read", "run": "git rev-parse HEAD"}
    for title, steps, goes in (("git refuses what is another's", [CHECKOUT, read], False), ("unless it is told", [CHECKOUT, OURS, read], True)):
        ran = world.runner.alone(world.event(), {"container": {"image": "any"}, "steps": steps})
        check(f"in a container {title}", ran.passed == goes and ("dubious ownership" in ran.log) != goes, ran.log)
    passes("outside of one it is ours", world.runner.alone(world.event(), {"steps": [CHECKOUT, read]}))


def called(name: str) -> list:
    """What a stand-in has noted down, once."""
    noted = RECORD / name
    lines = noted.read_text().splitlines() if noted.exists() else []
    noted.unlink(missing_ok=True)
    return lines


def tested(world: World) -> None:
    """own-test.yml: a request is tested and nothing else; main is not tagged unless all has passed."""
    project = world.service
    passes("a request's test", world.run("own-test", world.request()))
    equal("a request is tested, and nothing more", (called("tested"), called("verified")), ([project.main], []))
    for fails in ("test", *VERIFIED):
        world.runner.environment["FAILS"] = fails
        ran = world.run("own-test", world.event())
        check(f"{fails} that fails fails main", not ran.passed, ran.log)
        equal(f"and after {fails} there is no tag", project.git("tag"), "1.3.0")
    world.runner.environment["FAILS"] = ""
    called("tested"), called("verified")


def tagged(world: World) -> None:
    """own-test.yml on main. It builds nothing here."""
    project = world.service
    earlier = replace(world.event(), sha=project.fix)
    ran = world.run("own-test", earlier, only=("tag",))
    check("no tag unless the version was raised", ran.passed and "Cargo.toml says 1.3.0, which is no next version" in ran.log, ran.log)
    ran = world.run("own-test", replace(world.event(), sha=project.raised), only=("tag",))
    said = "no heading '## [1.4.0]' in CHANGELOG.md crates/props/CHANGELOG.md"
    check("nor without a changelog", ran.passed and said in ran.log and "there is nothing to tag" in ran.log, ran.log)
    equal("there is none", project.git("tag"), "1.3.0")
    passes("the tag of the next version", world.run("own-test", world.event()))
    equal("once it is tested, and all that is as long as a release has passed", (called("tested"), called("verified")), ([project.main], VERIFIED))
    again = world.run("own-test", world.event(), only=("tag",))
    check("and nothing the second time", again.passed and "the tag 1.4.0 is there already" in again.log, again.log)
    equal("it is there, on its commit", project.git("rev-list", "-n1", "1.4.0"), project.main)
    equal("and its workflow was started, once", world.servers.state(REPOSITORY)["started"]["own-release.yml"], [{"ref": "1.4.0", "inputs": {}}])


def made(binaries: str, release: Release) -> tuple:
    """What ci/dist leaves, as far as own-release.yml wants it: install.sh with its version, archives, images; their digest."""
    dist = FOLDER / "dist"
    shutil.copytree(release.files, dist)
    repack(dist)
    script = (gitlab.ROOT / "ci/install.sh").read_text().replace("default_version=''", "default_version='1.4.0'")
    (dist / "install.sh").write_text(script)
    lines = ""
    for name in ("pypelines", "versioner"):
        command = [f"{binaries}/image-promote", "--quiet", "copy", f"oci:{bases.layout()}:3.13", f"oci:{dist}/images/{name}:1.4.0"]
        copied = subprocess.run(command, check=True, capture_output=True, text=True)
        lines += f"{name} {copied.stdout.strip()}\n"
    (dist / "image-digests.txt").write_text(lines)
    return dist, lines.split()[1]


def published(world: World, dist: Path, digest: str) -> None:
    """own-release.yml: of the tag of its version, and of nothing else."""
    ran = world.run("own-release", world.event())
    check("a branch is no release", not ran.passed and "a release is made of the tag of its version" in ran.log, ran.log)
    world.runner.vars = {"PAGES": "true", "IMAGE_BASE": f"{world.servers.registry}/team/Pypelines"}
    # Its login is that of ghcr.io, which is not here.
    login = {"IMAGE_PROMOTE_REGISTRY": world.servers.registry, "IMAGE_PROMOTE_REGISTRY_USER": servers.USER}
    world.runner.environment |= login | {"IMAGE_PROMOTE_REGISTRY_PASSWORD": servers.PASSWORD}
    ran = world.run("own-release", world.event("1.4.0", "tag"))
    if not passes("the publication", ran):
        return
    names = [f"{name}:{tag}" for name in ("team/pypelines", "team/pypelines/versioner") for tag in ("1.4.0", "1.4", "1", "latest")]
    equal("every image has its tags", {(world.servers.image(name) or {}).get("digest") for name in names}, {digest})
    found = world.servers.state(REPOSITORY)["releases"][-1]
    files = {file.name for file in dist.iterdir() if file.is_file()}
    equal("the release has every file", set(found["assets"]), files)
    check("and the image", f"pypelines:1.4.0@{digest}" in found["body"], found["body"])
    page = world.runner.folder / "artifacts/github-pages"
    check("the page has the release and a badge", "1.4.0" in (page / "index.html").read_text() and (page / "lines-of-code.svg").is_file())
    check("which is shown", "== actions/deploy-pages" in ran.log, ran.log)


def repack(dist: Path) -> None:
    """Archives of this version, as those of 1.4.0."""
    for file in sorted(dist.glob("*.tar.gz")):
        packed = io.BytesIO()
        with tarfile.open(file) as old, tarfile.open(fileobj=packed, mode="w") as new:
            for member in old.getmembers():
                content = old.extractfile(member).read()
                member.name = member.name.replace(VERSION, "1.4.0")
                new.addfile(member, io.BytesIO(content))
        file.unlink()
        file.with_name(file.name.replace(VERSION, "1.4.0")).write_bytes(gzip.compress(packed.getvalue(), 1))
    sums(dist)


