"""This repository's own pipeline, .gitlab-ci.yml, for real: a merge request, main, a tag.

The tools, the registry and what the jobs do are real, GitLab is testkit's double. Only ci/test, ci/dist and ci/crates, hours of work,
are those of own/. Prints what is wrong, then 'own: N passed, N failed'.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gitlab
import servers
from checks import check, report
from delivery import commit, equal, git, merged, platforms

FOLDER = gitlab.WORK / "own"
PROJECT = "pypelines/pypelines"
# Artifacts stay out of the working copy.
ALWAYS = ("--shell-isolation", "--no-artifacts-to-source")
TOKENS = {"CI_JOB_TOKEN": "s3cret-of-the-job", "GENERIC_GITLAB_TOKEN": "s3cret-of-a-maintainer"}
# What is as long as a release.
VERIFIED = ["dist --verify", "crates --verify", "crates --install"]
VERSION = re.compile(r'^version = "(.*)"$', re.MULTILINE)


class Project:
    """A clone of what is here, with three programs replaced; `version` is that of Cargo.toml."""

    def __init__(self):
        self.folder = FOLDER / PROJECT
        listed = subprocess.run(["git", "-C", str(gitlab.ROOT), "ls-files", "-z"], check=True, capture_output=True, text=True).stdout
        for name in filter(None, listed.split("\0")):
            place = self.folder / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(gitlab.ROOT / name, place, follow_symlinks=False)
        for program in (gitlab.HERE / "own").iterdir():
            shutil.copy2(program, self.folder / "ci")
        self.version = VERSION.search((self.folder / "Cargo.toml").read_text())[1]
        subprocess.run([self.folder / "ci/changelog", self.version, "2026-01-31"], check=True, capture_output=True)
        git(self.folder, "init", "--quiet", "--initial-branch=main")
        commit(self.folder, "Begin")
        self.merge_request, self.main, self.commits = merged(self.folder, PROJECT, "feature/news", "news")
        (self.folder / ".git/info/exclude").write_text(".gitlab-ci-local/\n")

    def artifact(self, job: str, path: str) -> Path:
        return self.folder / ".gitlab-ci-local/artifacts" / job / path


class Pipeline:
    """What the pipelines of all events have in common. `tested` are the commits that ci/test was called for, `verified` what was
    called that takes as long as a release."""

    def __init__(self, binaries: str, project: Project, world: servers.Servers):
        self.project = project
        self.variables = {
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_NAME": "pypelines",
            "CI_PROJECT_PATH": PROJECT,
            "CI_PROJECT_URL": f"{world.url}/{PROJECT}",
            "CI_SERVER_URL": world.url,
            "CI_API_V4_URL": world.api,
            "CI_PAGES_URL": "https://pypelines.pages.example.com",
            "CI_REGISTRY": world.registry,
            "CI_REGISTRY_IMAGE": f"{world.registry}/{PROJECT}",
            "CI_REGISTRY_USER": servers.USER,
            "CI_REGISTRY_PASSWORD": servers.PASSWORD,
        } | TOKENS
        # So that no configuration of this machine counts.
        self.environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "HOME": str(FOLDER / "home"), "RECORD": str(FOLDER), "E2E_BIN_DIR": binaries}

    def run(self, title: str, event: dict, **environment: str) -> str:
        """What the jobs say, after `passed` or `failed`."""
        for name in ("tested", "verified"):
            (FOLDER / name).write_text("")
        done = gitlab.run(self.project.folder, self.variables | event, *ALWAYS, **(self.environment | environment))
        said = done.stdout + done.stderr
        (FOLDER / f"{title}.log").write_text(said)
        secrets = [name for name, secret in (TOKENS | {"CI_REGISTRY_PASSWORD": servers.PASSWORD}).items() if secret in said]
        check(f"{title}: no log holds a secret", not secrets, secrets)
        return ("failed\n" if done.returncode else "passed\n") + said

    def passes(self, title: str, event: dict) -> bool:
        said = self.run(title, event)
        check(f"{title}: its pipeline passes", said.startswith("passed"), said)
        return said.startswith("passed")

    @property
    def tested(self) -> list:
        return (FOLDER / "tested").read_text().split()

    @property
    def verified(self) -> list:
        return (FOLDER / "verified").read_text().splitlines()


def merge_request(pipeline: Pipeline, world: servers.Servers) -> None:
    """Linted and tested, and nothing else."""
    project = pipeline.project
    git(project.folder, "checkout", "--quiet", project.merge_request)
    event = gitlab.merge_request("feature/news")
    equal("the jobs of a merge request", sorted(gitlab.jobs(project.folder, event)), ["lines-of-code-badge", "test"])
    if pipeline.passes("merge request", event):
        equal("it is tested", pipeline.tested, [project.merge_request])
        equal("and nothing that takes longer is done", pipeline.verified, [])
        badge = project.artifact("lines-of-code-badge", "lines-of-code-badge.svg").read_text()
        check("the lines of code have a badge", badge.lstrip().startswith("<svg"), badge[:80])
    said = pipeline.run("merge request, broken", event, FAILS="test")
    check("a test that fails fails it", said.startswith("failed"), said)
    equal("a merge request makes no tag", world.state(PROJECT)["tags"], {})


def main_branch(pipeline: Pipeline, world: servers.Servers) -> None:
    """Tested, and tagged where Cargo.toml has a new version."""
    project = pipeline.project
    git(project.folder, "checkout", "--quiet", "main")
    event = {"CI_COMMIT_BRANCH": "main"}
    equal("the jobs of main", sorted(gitlab.jobs(project.folder, event | TOKENS)), ["auto-semver", "lines-of-code-badge", "test", "verify"])
    for fails in ("test", *VERIFIED):
        said = pipeline.run(f"main, broken {fails}", event, FAILS=fails)
        check(f"{fails} that fails fails main", said.startswith("failed"), said)
        equal(f"and after {fails} there is no tag", world.state(PROJECT)["tags"], {})
    if pipeline.passes("main", event):
        equal("main is tested", pipeline.tested, [project.main])
        equal("what is released can be made again, and its crates compile", pipeline.verified, VERIFIED)
        equal("it has the tag of its version", world.state(PROJECT)["tags"], {project.version: project.main})


def tag(pipeline: Pipeline, world: servers.Servers) -> None:
    """The release: files, images, badges, page."""
    project, version = pipeline.project, pipeline.project.version
    git(project.folder, "tag", version, project.main)
    event = gitlab.tag(version)
    jobs = ["dist", "gitlab-release", "image-release", "releases-page"]
    equal("the jobs of a tag", sorted(gitlab.jobs(project.folder, event | TOKENS)), jobs)
    listed = sorted(gitlab.jobs(project.folder, event | TOKENS | {"ENABLE_CATALOG": "true"}))
    equal("the jobs of a tag of a catalog project", listed, ["catalog", *jobs])
    if not pipeline.passes("tag", event):
        return
    equal("a tag tests nothing again", pipeline.tested + pipeline.verified, [])
    images = dict(line.split() for line in project.artifact("dist", "dist/image-digests.txt").read_text().splitlines())
    for name, digest in images.items():
        place = PROJECT if name == "pypelines" else f"{PROJECT}/{name}"
        for alias in (version, version.rpartition(".")[0], "latest", project.main[:8]):
            image = world.image(f"{place}:{alias}")
            equal(f"{place}:{alias} is what was made", image and image["digest"], digest)
        equal(f"{place} has both platforms", platforms(world.image(f"{place}:{version}")), ["linux/amd64", "linux/arm64"])

    state = world.state(PROJECT)
    equal("there is one release", [release["tag"] for release in state["releases"]], [version])
    release = state["releases"][0]
    files = sorted(path.name for path in project.artifact("dist", "dist").iterdir() if path.is_file())
    links = {link["name"]: link for link in release["links"]}
    summed = {line.split("  ")[1] for line in project.artifact("dist", "dist/SHA256SUMS").read_text().splitlines()}
    equal("whoever has downloaded it can check it", sorted(summed - set(files)), [])
    equal("it has every file, and the image", sorted(links), sorted([*files, f"pypelines-{version}"]))
    equal("install.sh finds them by their names", {links[name]["path"] for name in files}, {f"/{name}" for name in files})
    check("it says which image it is", images["pypelines"] in json.dumps(release), release)
    equal("badges", sorted(badge["name"] for badge in state["badges"]), ["lines of code", "production"])
    drawn = [text for path, text in state["files"].items() if path.endswith(".svg")]
    equal("the badge has the version", [version in text for text in drawn], [True])
    page = project.artifact("releases-page", "public")
    check("the page has the release", version in (page / "index.html").read_text())

    before = world.state(PROJECT)
    if pipeline.passes("tag again", event):
        equal("a tag's pipeline that runs again changes nothing", world.state(PROJECT), before)


def next_commit(pipeline: Pipeline, world: servers.Servers) -> None:
    """A fix waits for the release that Cargo.toml asks for."""
    project, before = pipeline.project, world.state(PROJECT)["tags"]
    commit(project.folder, "fix: something")
    said = pipeline.run("next commit", {"CI_COMMIT_BRANCH": "main"})
    check("without another version there is nothing to tag", said.startswith("passed") and "there is nothing to tag" in said, said)
    equal("and there is no other tag", world.state(PROJECT)["tags"], before)
    cargo = project.folder / "Cargo.toml"
    major, minor, patch = project.version.split(".")
    raised = f"{major}.{minor}.{int(patch) + 1}"
    cargo.write_text(cargo.read_text().replace(f'version = "{project.version}"', f'version = "{raised}"', 1))
    commit(project.folder, "build: raise the version")
    said = pipeline.run("no changelog", {"CI_COMMIT_BRANCH": "main"})
    missing = f"no heading '## [{raised}]' in"
    check("a version without a changelog is not tagged", said.startswith("passed") and f"{missing} CHANGELOG.md crates/" in said, said)
    equal("and there is no tag of it", world.state(PROJECT)["tags"], before)
    with (project.folder / "CHANGELOG.md").open("a") as changelog:
        changelog.write(f"\n## [{raised}] - 2026-02-28\n")
    commit(project.folder, "docs: one changelog")
    said = pipeline.run("one changelog", {"CI_COMMIT_BRANCH": "main"})
    check("nor one that only the first has", said.startswith("passed") and f"{missing} crates/" in said, said)
    equal("and there is no tag of it, still", world.state(PROJECT)["tags"], before)


def slip(pipeline: Pipeline, world: servers.Servers) -> None:
    """A tag that is not the version."""
    git(pipeline.project.folder, "tag", "99.0.0")
    said = pipeline.run("slip", gitlab.tag("99.0.0"))
    git(pipeline.project.folder, "tag", "--delete", "99.0.0")
    check("a tag that is not the version fails", said.startswith("failed") and "Cargo.toml says" in said, said)
    equal("and releases nothing", world.image(f"{PROJECT}:99.0.0"), None)
    equal("nowhere", [release["tag"] for release in world.state(PROJECT)["releases"]], [pipeline.project.version])


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: this repository's own pipeline; E2E_BIN_DIR names no folder of binaries")
        return report("own")
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "home").mkdir(parents=True)
    project = Project()
    world = {
        "project": PROJECT,
        "commits": project.commits,
        "tokens": {TOKENS["GENERIC_GITLAB_TOKEN"]: "maintainer"},
        "job_tokens": [TOKENS["CI_JOB_TOKEN"]],
    }
    with servers.Servers(binaries, world) as running:
        pipeline = Pipeline(binaries, project, running)
        for event in (merge_request, main_branch, tag, slip, next_commit):
            try:
                event(pipeline, running)
            except (KeyError, TypeError, OSError) as error:
                # Whatever an earlier line has said is why it is not as it should be.
                check(f"{event.__name__} gets to its end", False, f"{error!r} at line {error.__traceback__.tb_next.tb_lineno}")
    return report("own")


if __name__ == "__main__":
    sys.exit(main())
