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
from xml.etree import ElementTree

import bases
import engine
import gitlab
import servers
from checks import check, report

FOLDER = gitlab.WORK
RECORD = FOLDER / "record"
STRICT = gitlab.HERE / "strict"
VENV = gitlab.ROOT / "target/delivery-venv"
SERVICE, LIBRARY = "team/numbers-api", "pypelines/pypelines"
SECRETS = {
    "CI_JOB_TOKEN": "s3cret-of-the-job",
    "CI_REGISTRY_PASSWORD": servers.PASSWORD,
    "GENERIC_GITLAB_TOKEN": "s3cret-of-a-maintainer",
    "SONAR_TOKEN": "s3cret-of-sonar",
}
# The preset as it is, with a host without Kubernetes besides.
RUN = """
include: [local: /.gitlab-ci.yml]
test: {services: [], after_script: []}
deploy-host:
  extends: .deploy-compose
  needs: [deploy-tools, image-release]
  variables: {DEPLOY_ENVIRONMENT: host, DEPLOY_COMPOSE_FILE: host.yml, DEPLOY_TIMEOUT: "30"}
deploy-unhealthy:
  extends: deploy-host
  needs: []
  rules: [if: $UNHEALTHY]
"""
# Artifacts stay out of the working copy, which is committed to.
ALWAYS = ("--file", "run.yml", "--shell-isolation", "--no-artifacts-to-source")
# Whoever runs this may sign commits, or have hooks.
GIT = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z", "GIT_CONFIG_GLOBAL": os.devnull}

def equal(title: str, seen: object, expected: object) -> None:
    check(title, seen == expected, f"{seen!r} is not {expected!r}")


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=Test", "-c", "user.email=test@example.com", *arguments]
    return subprocess.run(command, check=True, env=os.environ | GIT, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(folder, "rev-parse", "HEAD")


def merged(folder: Path, project: str, branch: str, news: str) -> tuple[str, str, list]:
    """Merges a branch with a change into main, as GitLab would, and makes `folder` a clone of `project` on it. Gives the change, the
    merge, and every commit with its message."""
    git(folder, "checkout", "--quiet", "-b", branch)
    (folder / "NEWS").write_text(f"{news}.\n")
    change = commit(folder, f"feat: {news}")
    git(folder, "checkout", "--quiet", "main")
    git(folder, "merge", "--quiet", "--no-ff", "--message", f"Merge: {news}", branch)
    main = git(folder, "rev-parse", "HEAD")
    git(folder, "remote", "add", "origin", f"https://gitlab.example.com/{project}.git")
    git(folder, "update-ref", "refs/remotes/origin/main", main)
    git(folder, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    commits = git(folder, "rev-list", "--reverse", "--topo-order", "HEAD").split()
    return change, main, [[sha, git(folder, "show", "--no-patch", "--format=%B", sha)] for sha in commits]


def stripped(binaries: str) -> str:
    """The tools, without what a debugger wants: one job hands them over as artifacts."""
    folder = FOLDER / "bin"
    folder.mkdir()
    for tool in (*gitlab.TOOLS, "pipeline-servers"):
        subprocess.run(["strip", "-o", folder / tool, Path(binaries) / tool], check=True)
    return str(folder)


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

    def __init__(self, binaries: str):
        self.folder = FOLDER / SERVICE
        shutil.copytree(gitlab.ROOT / "examples/numbers-api", self.folder, ignore=shutil.ignore_patterns("__pycache__", ".*_cache"))
        # For a host where port 8080 may be taken.
        strip = [f"{binaries}/compose-rewrite", "strip", "--ports", "docker-compose.yml", "--output", "host.yml"]
        subprocess.run(strip, check=True, cwd=self.folder, capture_output=True)
        git(self.folder, "init", "--quiet", "--initial-branch=main")
        git(self.folder, "config", "user.name", "Test")
        git(self.folder, "config", "user.email", "test@example.com")
        self.first = commit(self.folder, "feat: serve random numbers")
        git(self.folder, "tag", "1.3.0")
        self.merge_request, self.main, self.commits = merged(self.folder, SERVICE, "feature/even", "serve even numbers")
        # gitlab-ci-local starts services with docker, and keeps no artifacts of a job that has an after_script.
        (self.folder / ".git/info/exclude").write_text(".gitlab-ci-local/\n/run.yml\n")
        (self.folder / "run.yml").write_text(RUN)

    def artifact(self, job: str, path: str) -> Path:
        return self.folder / ".gitlab-ci-local/artifacts" / job / path


class Pipeline:
    """What all pipelines of the service have in common."""

    def __init__(self, binaries: str, service: Service, world: servers.Servers, docker: engine.Engine, compose: Path | None):
        self.service, self.docker = service, docker
        self.variables = {
            "GITLAB_CI": "true",
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_NAME": "numbers-api",
            "CI_PROJECT_TITLE": "Numbers API",
            "CI_PROJECT_PATH": SERVICE,
            "CI_PROJECT_URL": f"{world.url}/{SERVICE}",
            "CI_SERVER_URL": world.url,
            "CI_API_V4_URL": world.api,
            "CI_PAGES_URL": "https://team.pages.example.com/numbers-api",
            "CI_REGISTRY": world.registry,
            "CI_REGISTRY_IMAGE": f"{world.registry}/{SERVICE}",
            "CI_REGISTRY_USER": servers.USER,
            "BUILD_ARGS": f"BASE_IMAGE={world.python()}",
            "KUBE_CONTEXT": "team/agents:cluster",
            "DEPLOY_NAMESPACE_DEV": "numbers-dev",
            "DEPLOY_NAMESPACE_PREV": "numbers-prev",
            "DEPLOY_NAMESPACE_PROD": "numbers-prod",
            "SONAR_TEAM": "numbers",
            "SONAR_HOST_URL": "https://sonar.example.com",
            "ENABLE_RELEASES_PAGE": "true",
            "SEVERITY_COMMAND": "--severity MEDIUM,HIGH,CRITICAL",
            "CONTAINER_SCANNING_REPORT": "vulnerabilities.json",
            "DEPLOY_HOST": docker.host or "",
            # As a team with an engine of its own on its runners has it.
            **docker.environment(),
        } | SECRETS
        self.props = f"{binaries}/props"
        self.registry = {name: value for name, value in self.variables.items() if name.startswith("CI_REGISTRY")}
        self.environment = {
            "PATH": f"{binaries}:{STRICT}:{VENV / 'bin'}:{os.environ['PATH']}",
            "RECORD": str(RECORD),
            "ENGINE": "yes" if docker.host else "",
            "COMPOSE": str(compose),
            "HOME": str(FOLDER / "home"),
            # What the project is built with is in the environment already.
            "PIP_NO_BUILD_ISOLATION": "0",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"url.file://{FOLDER / LIBRARY}.insteadOf",
            "GIT_CONFIG_VALUE_0": f"https://gitlab.example.com:443/{LIBRARY}.git",
        }

    def run(self, title: str, changes: dict, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
        (RECORD / "calls").write_text("")
        more = self.environment | environment
        done = gitlab.run(self.service.folder, self.variables | changes, *ALWAYS, *arguments, **more)
        (FOLDER / f"{title}.log").write_text(done.stdout + done.stderr)
        said = done.stdout + done.stderr
        check(f"{title}: no log holds a secret", not [name for name, secret in SECRETS.items() if secret in said])
        called = (RECORD / "calls").read_text()
        check(f"{title}: no argument holds a secret", not [name for name, secret in SECRETS.items() if secret in called])
        return done

    def passes(self, title: str, changes: dict, *arguments: str) -> bool:
        done = self.run(title, changes, *arguments)
        check(f"{title}: its pipeline passes", done.returncode == 0, (done.stdout + done.stderr)[-3000:])
        return done.returncode == 0

    def marks(self, image: str) -> dict:
        """What props says that an image of the service carries."""
        name = f"{self.variables['CI_REGISTRY_IMAGE']}/{image}"
        asked = subprocess.run([self.props, "get", name, "--format", "json"], capture_output=True, text=True, env=self.environment | self.registry)
        if asked.returncode:
            return {"said": asked.stderr}
        return {mark["key"]: mark["value"] for mark in json.loads(asked.stdout)["marks"]}


def calls(program: str) -> list:
    """What was recorded of a program since the pipeline began."""
    lines = [json.loads(line) for line in (RECORD / "calls").read_text().splitlines()]
    return [line for line in lines if line["program"] == program]


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: the backend preset for real; E2E_BIN_DIR names no folder of binaries")
        return report("delivery")
    # There is no network later on.
    bases.layout()
    compose = engine.plugin("docker-compose")
    engine.alone()
    shutil.rmtree(FOLDER, ignore_errors=True)
    for folder in (RECORD, FOLDER / "home"):
        folder.mkdir(parents=True)
    binaries = stripped(binaries)
    library()
    service = Service(binaries)
    world = {
        "project": SERVICE,
        "commits": service.commits,
        "tokens": {SECRETS["GENERIC_GITLAB_TOKEN"]: "maintainer"},
        "job_tokens": [SECRETS["CI_JOB_TOKEN"]],
    }
    with servers.Servers(binaries, world) as running, engine.Engine() as docker:
        if not compose:
            docker.host, docker.why = None, "Compose cannot be had"
        if docker.host:
            print("builds and compose are real: Docker started")
        else:
            print(f"NOT CHECKED: real builds and compose; stand-ins were used: {docker.why}")
        running.tag(SERVICE, "1.3.0", service.first, SECRETS["GENERIC_GITLAB_TOKEN"])
        pipeline = Pipeline(binaries, service, running, docker, compose)
        for event in (merge_request, main_branch, tag, unhealthy, unreleased):
            try:
                event(pipeline, running)
            except (KeyError, TypeError, ValueError, OSError, ElementTree.ParseError) as error:
                # Whatever an earlier line has said is why it is not as it should be.
                check(f"{event.__name__} gets to its end", False, f"{error!r} at line {error.__traceback__.tb_next.tb_lineno}")
    return report("delivery")


def merge_request(pipeline: Pipeline, world: servers.Servers) -> None:
    """Linted; with isolation also built, tested and, by hand, released and deployed to dev. No marks."""
    service = pipeline.service
    git(service.folder, "checkout", "--quiet", service.merge_request)
    event = gitlab.merge_request("feature/even")
    if not pipeline.passes("merge request", event, "--manual", "image-release"):
        return
    for job, file in (("ruff-check", "codequality.json"), ("mypy", "codequality.json"), ("hadolint", "codequality.json")):
        equal(f"{job} has nothing to say", json.loads(service.artifact(job, file).read_text()), [])
    badge = service.artifact("lines-of-code-badge", "lines-of-code-badge.svg").read_text()
    check("the lines of code have a badge", badge.lstrip().startswith("<svg"), badge[:80])
    looked = service.artifact("trivy", "vulnerabilities.json")
    check("what trivy has found is kept", looked.exists() and json.loads(looked.read_text())["vulnerabilities"] == [])
    severities = {call["arguments"][call["arguments"].index("--severity") + 1] for call in calls("trivy") if "--severity" in call["arguments"]}
    equal("trivy looks for what it is told", severities, {"MEDIUM,HIGH,CRITICAL"})
    scored = [call["arguments"][-1] for call in calls("kube-score")]
    equal("each environment's chart is scored", scored, ["rendered.yaml"] * 3)
    reports(service)

    short = service.merge_request[:8]
    built, released = world.image(f"{SERVICE}/ci:{short}"), world.image(f"{SERVICE}/release:{short}")
    equal("a merge request in isolation is released by hand", released["digest"], built["digest"])
    equal("it has no marks", pipeline.marks(f"ci:{short}"), {})
    equal("but that of dev", pipeline.marks(f"release:{short}"), {"release-dev": "true"})
    equal("dev has the merge request", [call["arguments"] for call in calls("cluster")], [["team/agents:cluster", "numbers-dev"]])


def reports(service: Service) -> None:
    """What the tests in the container have left for GitLab."""
    junit = ElementTree.parse(service.artifact("test", "junit.xml")).getroot()
    suite = junit.find("testsuite")
    check("JUnit's report has the tests", int(suite.get("tests")) >= 19 and suite.get("failures") == "0", suite.attrib)
    coverage = ElementTree.parse(service.artifact("test", "coverage.xml")).getroot()
    sources = [source.text for source in coverage.iter("source")]
    equal("coverage is about the repository's files", sources, ["/builds/team/numbers-api/numbers_api"])
    percent = int(float(coverage.get("line-rate")) * 1000) / 10
    badge = service.artifact("coverage-badge", "coverage-badge.svg").read_text()
    check("and has a badge", f"<title>coverage: {percent}%</title>" in badge, badge[:200])


def main_branch(pipeline: Pipeline, world: servers.Servers) -> None:
    """Built, tested, scanned, marked, released by its commit, deployed to dev."""
    service = pipeline.service
    git(service.folder, "checkout", "--quiet", "main")
    short = service.main[:8]
    done = pipeline.run("main, vulnerable", {"CI_COMMIT_BRANCH": "main"}, VULNERABLE="image")
    check("a vulnerable image fails the pipeline", done.returncode != 0, done.stdout[-1500:])
    equal("and has no mark of that gate", pipeline.marks(f"ci:{short}"), {"tested": "true"})
    equal("and is not released", world.image(f"{SERVICE}/release:{short}"), None)
    equal("and makes no tag", list(world.state(SERVICE)["tags"]), ["1.3.0"])

    if not pipeline.passes("main", {"CI_COMMIT_BRANCH": "main"}):
        return
    built, released = world.image(f"{SERVICE}/ci:{short}"), world.image(f"{SERVICE}/release:{short}")
    equal("main's image is released", released and released["digest"], built["digest"])
    equal("for all platforms", platforms(built), ["linux/amd64", "linux/arm64"])
    for platform, one in zip(platforms(built), built["manifests"]):
        name = f"{SERVICE}/ci:{short}-{platform.replace('/', '-')}"
        equal(f"{platform} is what was built for it", world.image(name)["digest"], one["digest"])
        labels = world.config(name)["config"]["Labels"]
        equal(f"{platform} has its commit as a label", labels["org.opencontainers.image.revision"], service.main)
        equal(f"{platform} has its title as a label", labels["org.opencontainers.image.title"], "Numbers API")
    gates = {"tested": "true", "scanned": "true"}
    equal("the built image has its marks", pipeline.marks(f"ci:{short}"), gates)
    equal("they went along with the release", pipeline.marks(f"release:{short}"), gates | {"release-dev": "true"})
    scanned = [call["arguments"][-1] for call in calls("trivy") if call["arguments"][0] == "image"]
    equal("what was built is what was scanned", scanned, [f"{world.registry}/{SERVICE}/ci@{built['digest']}"] * 2)
    equal("Sonar was asked once", len(calls("sonar-scanner")), 1)
    equal("and that of dev left the merge request", pipeline.marks(f"release:{service.merge_request[:8]}"), {})
    deployed(world, [("numbers-dev", f"{short}@{built['digest']}", "")])
    equal("dev's tag is there", world.image(f"{SERVICE}/release:dev")["digest"], built["digest"])
    reports(service)
    tags = world.state(SERVICE)["tags"]
    equal("the feature has made the next version's tag", tags, {"1.3.0": service.first, "1.4.0": service.main})


def deployed(world: servers.Servers, expected: list) -> None:
    """Where was what installed? `expected` has namespace, image tag and CI_COMMIT_TAG of each."""
    seen = []
    for call in calls("cluster"):
        deployment = next(one for one in call["resources"] if one["kind"] == "Deployment")
        container = deployment["spec"]["template"]["spec"]["containers"][0]
        repository, _, tag = container["image"].removeprefix(f"{world.registry}/{SERVICE}/release").partition(":")
        values = {one["name"]: one["value"] for one in container["env"]}
        check(f"{call['job']}: the container knows its commit", len(values.get("CI_COMMIT_SHA", "")) == 40, values)
        equal(f"{call['job']}: the container knows its project", values.get("CI_PROJECT_NAME"), "numbers-api")
        equal(f"{call['job']}: it is in the release repository", repository, "")
        check(f"{call['job']}: the tools came along", {"image-promote", "props", "versioner"} <= set(call["tools"]), call["tools"])
        seen.append((call["arguments"][1], tag, values.get("CI_COMMIT_TAG")))
    equal("that image was deployed, there", sorted(seen), sorted(expected))


def tag(pipeline: Pipeline, world: servers.Servers) -> None:
    """What main released gets its version, and goes to prev and, by hand, to prod."""
    service = pipeline.service
    git(service.folder, "tag", "1.4.0", service.main)
    event = {"CI_COMMIT_BRANCH": None, "CI_COMMIT_TAG": "1.4.0", "CI_COMMIT_REF_NAME": "1.4.0"}
    short, built = service.main[:8], world.image(f"{SERVICE}/ci:{service.main[:8]}")

    done = pipeline.run("tag, broken prod", event, "--manual", "deploy-prod", HELM_FAILS_IN="numbers-prod")
    check("a deployment that fails fails the pipeline", done.returncode != 0, done.stdout[-1500:])
    equal("prod has no tag then", world.image(f"{SERVICE}/release:prod"), None)
    equal("prod has no mark then", "release-prod" in pipeline.marks("release:1.4.0"), False)
    badges = [badge["name"] for badge in world.state(SERVICE)["badges"]]
    equal("prod has no badge then", badges, ["preview"])

    if not pipeline.passes("tag", event, "--manual", "deploy-prod"):
        return
    equal("nothing is built for a tag", calls("buildctl-daemonless.sh"), [])
    released = {name: world.image(f"{SERVICE}/{name}") for name in (f"release:{short}", "release:1.4.0", "release:dev", "release:prev", "release:prod")}
    equal("one digest has all names", {name: one and one["digest"] for name, one in released.items()}, dict.fromkeys(released, built["digest"]))
    equal("with all platforms", platforms(released["release:1.4.0"]), ["linux/amd64", "linux/arm64"])
    marks = {name: "true" for name in ("tested", "scanned", "release-dev", "release-prev", "release-prod")}
    if pipeline.docker.host:
        marks["release-host"] = "true"
        equal("the host without Kubernetes runs it", pipeline.docker.images("application"), [f"{world.registry}/{SERVICE}/release:1.4.0@{built['digest']}"])
    equal("and all marks", pipeline.marks("release:1.4.0"), marks)
    image = f"1.4.0@{built['digest']}"
    deployed(world, [(f"numbers-{name}", image, "1.4.0") for name in ("dev", "prev", "prod")])

    state = world.state(SERVICE)
    equal("there is one release", [release["tag"] for release in state["releases"]], ["1.4.0"])
    release = state["releases"][0]
    links = [link["name"] for link in release["links"]]
    check("with a link to what was released", "numbers-api-1.4.0" in links, links)
    check("with notes from the commits", "even numbers" in release["description"], release["description"])
    check("and the digest", built["digest"] in json.dumps(release), release)
    equal("two environments have a badge", sorted(badge["name"] for badge in state["badges"]), ["preview", "production"])
    drawn = [text for path, text in state["files"].items() if path.endswith(".svg")]
    equal("that says which version they have", [text.count("1.4.0") > 0 for text in drawn], [True, True])
    page = service.artifact("releases-page-prod", "public")
    check("the page has the release", "1.4.0" in (page / "index.html").read_text())
    check("the page has both environments", {"preview", "production"} <= set((page / "releases.json").read_text().split('"')))


def unhealthy(pipeline: Pipeline, world: servers.Servers) -> None:
    """An image that ends at once, on the host without Kubernetes."""
    if not pipeline.docker.host:
        return
    before = pipeline.docker.images("application")
    python = world.image("library/python:3.13")["digest"]
    event = {"CI_COMMIT_BRANCH": None, "CI_COMMIT_TAG": "1.4.0", "CI_COMMIT_REF_NAME": "1.4.0"}
    image = {"UNHEALTHY": "yes", "RELEASE_IMAGE": f"{world.registry}/library/python:3.13", "RELEASE_DIGEST": python}
    done = pipeline.run("unhealthy", event | image, "deploy-unhealthy")
    said = done.stdout + done.stderr
    check("what does not become healthy fails", done.returncode != 0, said[-1500:])
    check("and the job says what runs again", f"host has {before[0]} again" in said, said[-1500:])
    equal("which does", pipeline.docker.images("application"), before)
    equal("and is still named", world.image(f"{SERVICE}/release:host")["digest"], before[0].partition("@")[2])
    equal("what failed has no mark", world.image("library/python:host"), None)


def unreleased(pipeline: Pipeline, world: servers.Servers) -> None:
    """A tag on a commit that no pipeline has released."""
    service = pipeline.service
    git(service.folder, "checkout", "--quiet", "1.3.0")
    event = {"CI_COMMIT_BRANCH": None, "CI_COMMIT_TAG": "1.3.0", "CI_COMMIT_REF_NAME": "1.3.0"}
    done = pipeline.run("unreleased tag", event, "--manual", "deploy-prod")
    said = done.stdout + done.stderr
    check("a tag without a release fails", done.returncode != 0, said[-1500:])
    check("and says what to do", "let that one pass first" in said, said[-1500:])
    equal("and releases nothing", world.image(f"{SERVICE}/release:1.3.0"), None)
    equal("and deploys nothing", calls("cluster"), [])


def platforms(index: dict) -> list:
    return [f"{one['platform']['os']}/{one['platform']['architecture']}" for one in index["manifests"]]


if __name__ == "__main__":
    sys.exit(main())
