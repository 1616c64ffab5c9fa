"""The gate, the release and the deployments, job by job, with our own binaries on images in layout directories: what may pass,
what may not, and what is left behind when something fails.

Prints what is wrong, then 'gates: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import yaml

import gitlab
from checks import check, report

MAIN = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push"}
MERGE = {"CI_COMMIT_BRANCH": None, "CI_PIPELINE_SOURCE": "merge_request_event", "ENABLE_ISOLATION": "true"}


def tag(name: str) -> dict:
    return {"CI_COMMIT_BRANCH": None, "CI_COMMIT_TAG": name, "CI_COMMIT_REF_NAME": name, "CI_PIPELINE_SOURCE": "push"}


class World:
    """A project with one image built. Its images lie in layout directories, or at `place`, where `settings` of the pipeline
    say so.
    """

    def __init__(self, binaries: str, place: str = "", settings: dict | None = None):
        self.binaries = binaries
        self.folder = gitlab.repository(gitlab.HERE / "gates.yml", gitlab.ROOT / "examples/numbers-api")
        self.base = gitlab.WORK / "layouts"
        self.record = gitlab.WORK / "record"
        shutil.rmtree(self.base, ignore_errors=True)
        self.base.mkdir(parents=True)
        self.place = place or f"oci:{self.base}"
        self.settings = settings or {"VERSIONER_IMAGE_BASE": self.place}
        self.sha = subprocess.check_output(["git", "-C", str(self.folder), "rev-parse", "--short=8", "HEAD"], text=True).strip()
        self.built = self.build("one")

    def build(self, revision: str) -> str:
        """The digest of another image of this commit, for two platforms, as builders and the manifest job leave it."""
        source = gitlab.ROOT / "examples/numbers-api/numbers_api"
        self.ask("demo-image", str(source), str(self.base / "made"), revision, revision)
        for platform in ("amd64", "arm64"):
            name = self.image("ci", f"{self.sha}-linux-{platform}")
            self.ask("image-promote", "copy", f"oci:{self.base}/made:{revision}", name, "--platform", f"linux/{platform}", "--move")
        ok, said = self.run("manifest", MAIN)
        check("the manifest job makes one image of two", ok, said)
        return self.digest("ci", self.sha)

    def ask(self, *command: str) -> str:
        """What one of our binaries prints, or nothing when it fails."""
        environment = self.settings | {"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1767225600"}
        done = subprocess.run([f"{self.binaries}/{command[0]}", *command[1:]], capture_output=True, text=True, env=environment)
        return done.stdout.strip() if done.returncode == 0 else ""

    def image(self, kind: str, name: str) -> str:
        return f"{self.place}/{kind}:{name}"

    def digest(self, kind: str, name: str) -> str:
        return self.ask("image-promote", "digest", self.image(kind, name))

    def mark(self, *marks: str) -> None:
        self.ask("props", "set", self.image("ci", self.sha), *marks)

    def has(self, kind: str, name: str, mark: str) -> bool:
        return bool(self.ask("props", "verify", self.image(kind, name), mark))

    def run(self, job: str, event: dict, **more: str):
        """How the job ended, and all it said."""
        shutil.rmtree(self.record, ignore_errors=True)
        self.record.mkdir(parents=True)
        variables = {
            "CI_PROJECT_NAME": "numbers-api",
            "CI_JOB_ID": "77",
            "PYPELINES_IMAGE": "registry.example.com/pypelines",
            "RECORD": str(self.record),
        } | self.settings
        path = f"{gitlab.HERE / 'stand-ins'}:{self.binaries}:{os.environ['PATH']}"
        done = gitlab.run(self.folder, variables | event | more, "--shell-isolation", job, PATH=path)
        return done.returncode == 0, done.stdout + done.stderr

    def chart(self) -> None:
        """What is deployed: a chart with values of prod."""
        for name, text in (("Chart.yaml", "name: numbers\nversion: 1.0.0\n"), ("envs/prod.yaml", "env: {LOG: info}\n")):
            path = self.folder / "chart" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run(["git", "-C", str(self.folder), "add", "--all"], check=True)

    def recorded(self, name: str) -> str:
        path = self.record / name
        return path.read_text() if path.exists() else ""


@contextmanager
def registry():
    """The address of a registry of Debian's docker-registry."""
    storage = gitlab.WORK / "registry"
    shutil.rmtree(storage, ignore_errors=True)
    storage.mkdir(parents=True)
    configuration = storage / "config.yml"
    places = {"http": {"addr": "127.0.0.1:0"}, "storage": {"filesystem": {"rootdirectory": str(storage)}}}
    configuration.write_text(json.dumps({"version": 0.1} | places))
    command = ["docker-registry", "serve", str(configuration)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        try:
            line = next(line for line in process.stderr if "listening on" in line)
            yield re.search(r"listening on ([\d.:]+)", line)[1]
        finally:
            process.terminate()
            process.communicate()


def gate(world: World) -> None:
    ok, said = world.run("verify", MAIN)
    check("without marks the gate is shut, and names them", not ok and "tested" in said and "scanned" in said and "REQUIRED_MARKS" in said, said)
    world.mark("tested")
    ok, said = world.run("verify", MAIN)
    check("a gate that was skipped stops the release", not ok and "scanned" in said, said)
    ok, said = world.run("image-release", MAIN)
    check("what lacks a mark is not copied", not ok and not world.digest("release", world.sha), said)
    ok, said = world.run("verify", MAIN, REQUIRED_MARKS="tested")
    check("REQUIRED_MARKS says which marks are asked for", ok, said)
    ok, said = world.run("verify", MAIN, REQUIRED_MARKS="")
    check("an empty REQUIRED_MARKS asks for none", ok and "nothing is asked" in said, said)
    ok, said = world.run("verify", tag("1.4.0"))
    check("a tag of what was not released says so", not ok and "let that one pass first" in said, said)
    ok, said = world.run("image-release", tag("1.4.0"))
    check("a tag of what was not released releases nothing", not ok and not world.digest("release", "1.4.0") and "has released" in said, said)


def releases(world: World) -> None:
    ok, said = world.run("image-release", MERGE)
    check("a merge request's image needs no marks", ok and world.digest("release", world.sha) == world.built, said)
    ok, said = world.run("verify", tag("1.4.0"))
    check("what a merge request released is not what a tag releases", not ok and "scanned" in said, said)

    built = world.build("two")
    world.mark("tested", "scanned")
    ok, said = world.run("verify", MAIN)
    check("with its marks an image passes", ok, said)
    ok, said = world.run("image-release", MAIN)
    check("main's image takes the commit's tag", ok and world.digest("release", world.sha) == built, said)
    shown = json.loads(world.ask("image-promote", "inspect", world.image("release", world.sha), "--format", "json") or "{}")
    check("all platforms are released", "linux/amd64" in json.dumps(shown) and "linux/arm64" in json.dumps(shown), shown)
    check("marks travel with the image", world.has("release", world.sha, "tested") and world.has("release", world.sha, "scanned"))

    ok, said = world.run("verify", tag("v1.4.0"))
    check("a tag's pipeline looks at the marks", ok, said)
    for name in ("v1.4.0", "1.4.0", "1.5.0-rc.1"):
        ok, said = world.run("image-release", tag(name))
        version = name.removeprefix("v")
        check(f"{name} is the digest that was built", ok and world.digest("release", version) == built, said)
        check(f"{name} has its marks", world.has("release", version, "scanned"))

    world.build("three")
    world.mark("tested", "scanned")
    ok, said = world.run("image-release", MAIN)
    check("a pipeline that runs again releases what it built", ok and world.digest("release", world.sha) != built, said)
    ok, said = world.run("image-release", tag("1.4.0"))
    check("a version's tag never moves", not ok and world.digest("release", "1.4.0") == built, said)


def helm(world: World) -> None:
    here = {"KUBE_CONTEXT": "team/agents:main", "KUBE_CONTEXT_PROD": "team/agents:prod", "DEPLOY_NAMESPACE": "numbers"}
    chart = world.folder / "chart"
    shutil.rmtree(chart, ignore_errors=True)
    for title, path, says in (
        ("no chart", None, "chart/Chart.yaml is not here"),
        ("no values of the environment", "chart/Chart.yaml", "chart/envs/prod.yaml is not here"),
    ):
        if path:
            world.folder.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            world.folder.joinpath(path).write_text("name: numbers\nversion: 1.0.0\n")
            subprocess.run(["git", "-C", str(world.folder), "add", "--all"], check=True)
        ok, said = world.run("deploy-prod", tag("1.4.0"), **here)
        check(f"{title} is said before anything is done", not ok and says in said and not world.recorded("helm"), said)
    world.chart()

    ok, said = world.run("deploy-prod", tag("1.4.0"), **here | {"DEPLOY_NAMESPACE": ""})
    check("a missing namespace is named", not ok and "neither DEPLOY_NAMESPACE_PROD nor DEPLOY_NAMESPACE is set" in said, said)
    ok, said = world.run("deploy-prod", tag("1.4.0"), **here, DEPLOY_HELM_CHART="charts/numbers")
    check("DEPLOY_HELM_CHART says where the chart is", not ok and "charts/numbers/Chart.yaml is not here" in said, said)
    ok, said = world.run("deploy-prod", tag("1.4.0"), **here, DEPLOY_TOOLS="no-such-tool")
    check("a missing tool is named before anything is done", not ok and "no-such-tool is not here" in said and not world.recorded("helm"), said)
    ok, said = world.run("deploy-prod", tag("1.3.0"), **here)
    check("what is not released is not deployed", not ok and not world.recorded("helm"), said)

    ok, said = world.run("deploy-prod", tag("1.4.0"), **here, HELM_CODE="1")
    check("a failed deployment fails the job", not ok and world.recorded("helm") != "", said)
    check("a failed deployment leaves no mark", not world.has("release", "1.4.0", "release-prod"))
    check("a failed deployment leaves no tag", not world.digest("release", "prod"))

    ok, said = world.run("deploy-prod", tag("1.4.0"), **here | {"CI_COMMIT_REF_NAME": "it's, {a} tag"})
    called = world.recorded("helm").splitlines()
    check("a deployment passes", ok, said)
    check("the environment's own context counts", "team/agents:prod" in called and "numbers" in called, called)
    check("what does not come up is taken back", "--rollback-on-failure" in called and "--wait" in called, called)
    values = yaml.safe_load(world.recorded("values.yaml") or "{}")
    digest = world.digest("release", "1.4.0")
    check("the image is given with its digest", values.get("image") == f"{world.image('release', '1.4.0')}@{digest}", values)
    given = values.get("env", {})
    check("containers are told what they are", given.get("CI_COMMIT_TAG") == "1.4.0" and given.get("CI_PROJECT_NAME") == "numbers-api", given)
    check("a name arrives whatever it holds", given.get("CI_COMMIT_REF_NAME") == "it's, {a} tag", given)
    check("the commit is told whole", len(given.get("CI_COMMIT_SHA", "")) == 40, given)
    check("the tag of the environment follows", world.digest("release", "prod") == digest)
    check("the mark of the environment follows", world.has("release", "1.4.0", "release-prod"))

    (chart / "values.yaml").write_text("image:\n  repository: x\n  tag: y\n")
    subprocess.run(["git", "-C", str(world.folder), "add", "--all"], check=True)
    world.run("image-release", tag("1.6.0"))
    ok, said = world.run("deploy-prod", tag("1.6.0"), **here)
    values = yaml.safe_load(world.recorded("values.yaml") or "{}")
    parts = {"repository": f"oci:{world.base}/release", "tag": f"1.6.0@{world.digest('release', '1.6.0')}"}
    check("a chart with repository and tag gets these", values.get("image") == parts, values)
    check("the mark leaves the image before", ok and not world.has("release", "1.4.0", "release-prod"), said)
    check("the tag leaves the image before", world.digest("release", "prod") == world.digest("release", "1.6.0"))


def compose(world: World, registry: str) -> None:
    here = {"DEPLOY_HOST_PROD": "tcp://prod.example.com:2376", "BROKEN": "none"}
    ok, said = world.run("deploy-compose", tag("1.4.0"))
    check("a missing host is named", not ok and "neither DEPLOY_HOST_PROD nor DEPLOY_HOST is set" in said, said)
    # compose knows no layout directories.
    name = f"{registry}/numbers-api/release:1.4.0"
    digest = world.ask("image-promote", "copy", world.image("release", "1.4.0"), name, "--marks")
    released = {"RELEASE_IMAGE": name, "RELEASE_DIGEST": digest}
    image = f"{name}@{digest}"
    marked = lambda: bool(world.ask("props", "verify", image, "release-prod"))
    former = "registry.example.com/numbers-api/release:1.3.0@sha256:" + "0" * 64
    known = world.base / "known_hosts"
    known.write_text("prod.example.com ssh-ed25519 AAAA\n")
    keys = {"DEPLOY_SSH_KEY": str(known), "DEPLOY_SSH_KNOWN_HOSTS": str(known)}
    ok, said = world.run("deploy-compose", tag("1.4.0"), **here | released | keys, RUNNING=former)
    called, mode, *_ = world.recorded("ssh").splitlines() or ["", ""]
    check("ssh has the key that was given, and knows the host", f"-o UserKnownHostsFile={known} -o BatchMode=yes deploy@host" in called, called)
    check("nobody else may read the key, and it goes away", mode == "600" and not Path(called.split()[1]).exists(), called)
    called = world.recorded("docker")
    check("compose deploys", ok, said)
    check("the engine is that of the environment", "docker context create deploy --docker host=tcp://prod.example.com:2376" in called, called)
    check("compose waits until it is healthy", "up --detach --wait --wait-timeout 600" in called and " pull\n" in called, called)
    check("compose has the released digest", world.recorded("up") == f"deploy image: {image}\n", world.recorded("up"))
    check("the image has the mark and the tag", marked() and world.ask("image-promote", "digest", f"{registry}/numbers-api/release:prod") == digest)

    world.ask("props", "unset", image, "release-prod")
    ok, said = world.run("deploy-compose", tag("1.4.0"), **here | released | {"BROKEN": name}, RUNNING=former)
    ups = world.recorded("up").splitlines()
    check("what is not healthy fails the job", not ok and "did not become healthy" in said, said)
    check("the former digest comes back", len(ups) == 2 and ups[1] == f"deploy image: {former}" and f"has {former} again" in said, ups)
    check("what did not become healthy has no mark", not marked())
    ok, said = world.run("deploy-compose", tag("1.4.0"), **here | released | {"BROKEN": name})
    check("where nothing ran before, that is said", not ok and "nothing ran in prod before" in said, said)


def announce(world: World) -> None:
    site = world.base / "site"
    subprocess.run(["git", "-C", str(world.folder), "tag", "--force", "1.4.0"], check=True)
    here = {"RELEASE_FORGE": f"dir:{site}", "CI_PROJECT_URL": "https://gitlab.example.com/team/numbers-api"}
    prev = {"KUBE_CONTEXT": "team/agents:main", "DEPLOY_NAMESPACE": "numbers"}
    kept = lambda: "".join(path.read_text() for path in sorted(site.glob("**/*.json")) if path.parent.name != "public")
    image = {"RELEASE_IMAGE": "registry.example.com/team/numbers-api/release:1.4.0", "RELEASE_DIGEST": "sha256:" + "1" * 64}
    for title, job, more, there in (
        ("GitLab's own registry", "gitlab-release", image, "https://gitlab.example.com/team/numbers-api/container_registry"),
        ("Artifactory", "gitlab-release", image | {"ARTIFACTORY_HOST": "registry.example.com"}, "https://registry.example.com/ui/native/team/numbers-api/release/1.4.0"),
        ("ASSET_URL", "gitlab-release", image | {"ASSET_URL": "https://example.com/a"}, "https://example.com/a"),
        ("GitLab's packages", "package-release", prev, "https://gitlab.example.com/team/numbers-api/-/packages"),
    ):
        shutil.rmtree(site, ignore_errors=True)
        ok, said = world.run(job, tag("1.4.0"), **here | more)
        check(f"a release links to {title}", ok and f'"{there}"' in kept(), f"{said}\n{kept()}")
        is_image = job == "gitlab-release"
        check(f"the release with {title} names its image if it has one", (image["RELEASE_DIGEST"] in kept()) == is_image, kept())
        check(f"the release with {title} claims no environment", "preview" not in kept() and "production" not in kept(), kept())
    ok, said = world.run("gitlab-release", tag("1.4.0"), **here | image | prev)
    check("where prev is deployed to, preview has the version", ok and "preview" in kept(), f"{said}\n{kept()}")
    ok, said = world.run("gitlab-release", tag("1.4.0-rc.1"), **here | image | {"RELEASE_SERVER": "production"})
    check("production never has a pre-release", ok and "which production never has" in said and "production" not in kept(), f"{said}\n{kept()}")
    ok, said = world.run("update-prod", tag("v1.4.0"), **here)
    check("production has the version that was deployed", ok and "production" in kept(), f"{said}\n{kept()}")
    ok, said = world.run("pages", tag("1.4.0"), **here)
    page = world.folder / ".gitlab-ci-local/artifacts/pages/public/index.html"
    check("the page is what GitLab publishes", ok and page.exists() and "1.4.0" in page.read_text(), said)


def next_version(world: World) -> None:
    """The last part: it adds a commit."""
    server = world.base / "server.git"
    git = ["git", "-C", str(world.folder), "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for command in (
        ["git", "init", "--quiet", "--bare", str(server)],
        [*git, "remote", "add", "server", str(server)],
        [*git, "commit", "--quiet", "--allow-empty", "--message=feat: even numbers"],
        [*git, "push", "--quiet", "server", "main", "1.4.0"],
    ):
        subprocess.run(command, check=True)
    here = {"VERSIONER_VIA": "git", "VERSIONER_REMOTE": "server", "GIT_COMMITTER_NAME": "Test", "GIT_COMMITTER_EMAIL": "test@example.com"}
    tags = lambda: subprocess.check_output(["git", "-C", str(server), "tag", "--list"], text=True).split()
    for time in ("once", "again"):
        ok, said = world.run("auto-semver", MAIN, **here)
        check(f"{time}: the server has the next version's tag", ok and tags() == ["1.4.0", "1.5.0"], f"{said}\n{tags()}")


def appsec(world: World) -> None:
    programs = world.base / "appsec"
    programs.mkdir(exist_ok=True)
    for name, text in (("look-up", '[ -n "$APPSCREENER_TOKEN" ] && echo "p-$SECURITY_TEAM_ID"'), ("scan", 'echo "scans $APPSCREENER_PROJECT"')):
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    given = {
        "APPSCREENER_IMAGE": "registry.example.com/appsec",
        "APPSCREENER_TOKEN": "t0ken-of-appsec",
        "SECURITY_TEAM_ID": "3",
        "APPSCREENER_GET_PROJECT": str(programs / "look-up"),
        "APPSCREENER_SCAN": str(programs / "scan"),
    }
    ok, said = world.run("appscreener-get-project", MAIN, **given | {"APPSCREENER_IMAGE": ""})
    check("a missing image of AppScreener's programs is named", not ok and "APPSCREENER_IMAGE: set it to the image" in said, said)
    ok, said = world.run("appscreener-get-project", MAIN, **given)
    check("the look-up runs", ok, said)
    ok, said = world.run("appscreener-scan", MAIN, **given)
    check("the scan has the project that was looked up", ok and "scans p-3" in said, said)
    check("the token is in no log", "t0ken-of-appsec" not in said)


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: gates and deployments; E2E_BIN_DIR names no folder of binaries")
    elif not Path(binaries, "demo-image").exists():
        check("demo-image is among the binaries", False, "build the workspace with --bins")
    else:
        world = World(binaries)
        for part in (gate, releases, helm, announce, appsec):
            part(world)
        with registry() as address:
            compose(world, address)
        next_version(world)
    return report("gates")


if __name__ == "__main__":
    sys.exit(main())
