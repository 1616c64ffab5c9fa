"""The backend preset for real, on examples/numbers-api: a merge request, main, the tag 1.4.0, one after the other.

The tools, the linters, the tests, the registry and, where Docker starts, the builds and compose are real. GitLab is
testkit's double; the programs in strict/ stand for the rest. Prints what is wrong, then 'delivery: N passed, N failed'.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import engine
import gitlab
import servers

FOLDER = gitlab.WORK / "delivery"
RECORD = FOLDER / "record"
STRICT = gitlab.HERE / "strict"
VENV = gitlab.ROOT / "target/delivery-venv"
SERVICE, LIBRARY = "team/numbers-api", "team/pypelines"
SECRETS = {
    "CI_JOB_TOKEN": "s3cret-of-the-job",
    "CI_REGISTRY_PASSWORD": servers.PASSWORD,
    "GENERIC_GITLAB_TOKEN": "s3cret-of-a-maintainer",
    "SONAR_TOKEN": "s3cret-of-sonar",
}
DATES = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}

wrong = []
passed = 0


def check(title: str, holds: object, seen: object = "") -> None:
    global passed
    if holds:
        passed += 1
    else:
        wrong.append(f"{title}: {seen}")


def equal(title: str, seen: object, expected: object) -> None:
    check(title, seen == expected, f"{seen!r} is not {expected!r}")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=Test", "-c", "user.email=test@example.com", *arguments]
    return subprocess.run(command, check=True, env=os.environ | DATES, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def library() -> Path:
    """The project that the example includes: our templates."""
    folder = FOLDER / LIBRARY
    for part in ("_base", "templates", "presets"):
        shutil.copytree(gitlab.ROOT / "ci" / part, folder / "ci" / part)
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "uploadpack.allowFilter", "true")
    commit(folder, "Begin")
    return folder


class Service:
    """The example's repository. `merge_request` and `main` are commits, `tip` where it stands."""

    def __init__(self):
        self.folder = FOLDER / SERVICE
        shutil.copytree(gitlab.ROOT / "examples/numbers-api", self.folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        git(self.folder, "init", "--quiet", "--initial-branch=main")
        first = commit(self.folder, "feat: serve random numbers")
        git(self.folder, "tag", "1.3.0")
        git(self.folder, "checkout", "--quiet", "-b", "feature/even")
        (self.folder / "NEWS").write_text("Even numbers.\n")
        self.merge_request = commit(self.folder, "feat: serve even numbers")
        git(self.folder, "checkout", "--quiet", "main")
        git(self.folder, "merge", "--quiet", "--no-ff", "--message", "Merge: even numbers", "feature/even")
        self.main = git(self.folder, "rev-parse", "HEAD")
        self.commits = [[sha, git(self.folder, "show", "--no-patch", "--format=%B", sha)] for sha in (first, self.merge_request, self.main)]
        git(self.folder, "remote", "add", "origin", f"https://gitlab.example.com/{SERVICE}.git")
        git(self.folder, "update-ref", "refs/remotes/origin/main", self.main)
        git(self.folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
        # gitlab-ci-local starts services with docker, and keeps no artifacts of a job that has an after_script.
        (self.folder / ".git/info/exclude").write_text(".gitlab-ci-local/\n/run.yml\n")
        (self.folder / "run.yml").write_text("include: [local: /.gitlab-ci.yml]\ntest: {services: [], after_script: []}\n")

    def artifact(self, job: str, path: str) -> Path:
        return self.folder / ".gitlab-ci-local/artifacts" / job / path


class Pipeline:
    """What all pipelines of the service have in common."""

    def __init__(self, binaries: str, service: Service, world: servers.Servers, docker: engine.Engine, compose: Path | None):
        self.service = service
        self.variables = {
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_NAME": "numbers-api",
            "CI_PROJECT_TITLE": "Numbers API",
            "CI_PROJECT_PATH": SERVICE,
            "CI_PROJECT_URL": f"{world.gitlab}/{SERVICE}",
            "CI_SERVER_URL": world.gitlab,
            "CI_API_V4_URL": world.api,
            "CI_PAGES_URL": "https://team.pages.example.com/numbers-api",
            "CI_REGISTRY": world.registry,
            "CI_REGISTRY_IMAGE": f"{world.registry}/{SERVICE}",
            "CI_REGISTRY_USER": servers.USER,
            "PYPELINES_IMAGE": f"{world.registry}/{LIBRARY}/image:1",
            "BUILD_ARGS": f"BASE_IMAGE={world.python()}",
            "KUBE_CONTEXT": "team/agents:cluster",
            "DEPLOY_NAMESPACE_DEV": "numbers-dev",
            "DEPLOY_NAMESPACE_PREV": "numbers-prev",
            "DEPLOY_NAMESPACE_PROD": "numbers-prod",
            "SONAR_TEAM": "numbers",
            "SONAR_HOST_URL": "https://sonar.example.com",
            "ENABLE_RELEASES_PAGE": "true",
            "SKIP_AUTO_SEMVER": "true",
            # As a team with an engine of its own on its runners has it.
            **docker.environment(),
        } | SECRETS
        self.environment = {
            "PATH": f"{binaries}:{STRICT}:{VENV / 'bin'}:{os.environ['PATH']}",
            "RECORD": str(RECORD),
            "ENGINE": "yes" if docker.host and compose else "",
            "COMPOSE": str(compose),
            "HOME": str(FOLDER / "home"),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{FOLDER / LIBRARY}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://gitlab.example.com/{LIBRARY}.git",
        }

    def run(self, title: str, changes: dict, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        (RECORD / "calls").write_text("")
        more = self.environment | environment
        done = gitlab.run(self.service.folder, self.variables | changes, "--file", "run.yml", "--shell-isolation", *arguments, **more)
        (FOLDER / f"{title}.log").write_text(done.stdout + done.stderr)
        said = done.stdout + done.stderr
        check(f"{title}: no log holds a secret", not [name for name, secret in SECRETS.items() if secret in said])
        called = (RECORD / "calls").read_text()
        check(f"{title}: no argument holds a secret", not [name for name, secret in SECRETS.items() if secret in called])
        return done


def calls(program: str) -> list:
    """What was recorded of a program since the pipeline began."""
    lines = [json.loads(line) for line in (RECORD / "calls").read_text().splitlines()]
    return [line for line in lines if line["program"] == program]


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: the backend preset for real; E2E_BIN_DIR names no folder of binaries")
        print("delivery: 0 passed, 0 failed")
        return 0
    shutil.rmtree(FOLDER, ignore_errors=True)
    for folder in (RECORD, FOLDER / "home"):
        folder.mkdir(parents=True)
    library()
    service = Service()
    world = {
        "project": SERVICE,
        "commits": service.commits,
        "tokens": {SECRETS["GENERIC_GITLAB_TOKEN"]: "maintainer"},
        "job_tokens": [SECRETS["CI_JOB_TOKEN"]],
    }
    with servers.Servers(binaries, world) as running, engine.Engine() as docker:
        compose = engine.plugin("docker-compose") if docker.host else None
        if compose:
            print("builds and compose are real: Docker started")
        else:
            print(f"NOT CHECKED: real builds and compose; stand-ins were used: {docker.why or 'Compose cannot be had'}")
        pipeline = Pipeline(binaries, service, running, docker, compose)
        merge_request(pipeline)
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"delivery: {passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


def merge_request(pipeline: Pipeline) -> None:
    git(pipeline.service.folder, "checkout", "--quiet", pipeline.service.merge_request)
    event = {
        "CI_COMMIT_BRANCH": None,
        "CI_COMMIT_REF_NAME": "feature/even",
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "feature/even",
    }
    done = pipeline.run("merge request", event)
    check("merge request: its pipeline passes", done.returncode == 0, (done.stdout + done.stderr)[-6000:])


if __name__ == "__main__":
    sys.exit(main())
