"""The workflows and the action for GitHub, run for real: every `run` in bash, our tools, a registry, the double of GitHub.

github.py runs them, others.py stands for the actions of others, strict/ for docker buildx; this repository's own are in
own_workflows.py. Prints what is wrong, then 'workflows: N passed, N failed'.
"""

import functools
import os
import shutil
import subprocess
import sys

import yaml

import bases
import engine
import gitlab
import servers
from checks import check, report
from own_workflows import own
from world import ARCH, BROKEN, FOLDER, RECORD, REPOSITORY, TOKEN, TOOLS, VERSION, Quiet, Release, Service, World, equal, passes


def setup(world: World) -> None:
    """The action: from any server, from its cache, from a private release; and what it does with what is wrong."""
    release, event = world.release, world.event()
    action = functools.partial(world.runner.action, event)
    wanted = {"tools": "props\n versioner", "base-url": release.url}
    ran = action(wanted)
    if not passes("setup", ran):
        return
    check("setup puts what was asked for on the PATH, and nothing else", "\nprops\nversioner\nprops " in ran.log, ran.log)
    equal("setup takes the version of its commit", ran.outputs["version"], VERSION)
    check("setup says where", ran.outputs["path"].endswith("/pypelines-bin"), ran.outputs)

    kept = {tool: release.path(tool).read_bytes() for tool in TOOLS}
    release.path("props").unlink()
    passes("setup with what its cache has, and the checksums of the server", action(wanted))
    release.path("props").write_bytes(kept["props"])
    caches = sorted((world.runner.folder / "caches").iterdir())
    equal("setup keeps one cache", [one.name.startswith(f"pypelines-{VERSION}-{ARCH}-") for one in caches], [True])
    equal("of archives alone", sorted(one.name for one in caches[0].iterdir()), sorted(release.path(tool).name for tool in ("props", "versioner")))
    poisoned = caches[0] / release.path("props").name
    poisoned.write_bytes(kept["versioner"])
    ran = action(wanted)
    passes("setup in spite of what somebody put into its cache", ran)
    check("and it says so", "once more, without what the cache had" in ran.log, ran.log)
    poisoned.write_bytes(kept["props"])

    release.path("image-track").write_bytes(kept["props"])
    for title, inputs, words in (
        ("another file than the checksums say", {"tools": "image-track"}, "is not what SHA256SUMS says"),
        ("no such tool", {"tools": "propz"}, "it has for this platform and version: "),
        ("a name that is none", {"tools": "../props"}, "'../props' is no name of a tool"),
        ("no such server", {"base-url": f"{release.server}/nowhere"}, "check version and base-url"),
        ("a version that is none", {"version": "1;2"}, "'1;2' is no version"),
    ):
        ran = action(wanted | inputs)
        check(f"setup fails: {title}", not ran.passed and words in ran.log, ran.log)
        check(f"and installs nothing: {title}", "path" not in ran.outputs or not ran.outputs["path"], ran.outputs)
    other = FOLDER / "another-system"
    other.mkdir()
    (other / "uname").write_text("#!/bin/sh\n[ \"$1\" = -m ] && echo arm64 || echo Darwin\n")
    (other / "uname").chmod(0o755)
    here = world.runner.environment["PATH"]
    world.runner.environment["PATH"] = f"{other}:{here}"
    ran = action(wanted)
    world.runner.environment["PATH"] = here
    check("setup on another system says which there is", not ran.passed and "no binaries for Darwin, only for Linux" in ran.log, ran.log)
    release.path("image-track").write_bytes(kept["image-track"])
    equal("nothing of that gets into a cache", len(list((world.runner.folder / "caches").iterdir())), 1)

    # As a release lies on GitHub, for everybody.
    public = FOLDER / "server/team/pypelines/releases/download" / f"v{VERSION}"
    public.parent.mkdir(parents=True)
    public.symlink_to(release.files)
    hub = world.event(server=release.server)
    passes("setup from a release on GitHub, by its tag", world.runner.action(hub, {"tools": "props", "version": f"v{VERSION}"}))
    equal("for which nobody needs a token", {token for _, token in Quiet.asked}, {""})
    private(world)


def private(world: World) -> None:
    """A release that only the bearer of a token may read, as GitHub's API has it; `release` has made it."""
    release = world.release
    environment = {"PATH": os.environ["PATH"], "GITHUB_REPOSITORY": REPOSITORY, "GITHUB_API_URL": world.servers.api}
    environment |= {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_TOKEN": TOKEN}
    uploads = [word for file in (release.path("props"), release.files / "SHA256SUMS") for word in ("--upload", str(file))]
    made = subprocess.run([f"{world.binaries}/release", "create", VERSION, "--ref", world.service.first, *uploads], env=environment, capture_output=True, text=True)
    check("the private release is made", made.returncode == 0, made.stderr)
    event = world.event()
    # The double knows one repository.
    ran = world.runner.action(event, {"tools": "props", "token": TOKEN}, repository=REPOSITORY)
    passes("setup from a private release", ran)
    check("the token is in no log", TOKEN not in ran.log)
    ran = world.runner.action(event, {"tools": "props", "token": "another"}, repository=REPOSITORY)
    check("a token that may not is told of", not ran.passed and "the token if not everybody may read it" in ran.log, ran.log)
    before = len(Quiet.asked)
    passes("setup from a mirror with a token", world.runner.action(event, {"tools": "props", "token": "of-the-mirror", "base-url": f"{release.url}/"}))
    mirror = f"{release.server}/team/pypelines/releases/download/v{{version}}"
    passes("setup from a mirror that has the version in its address", world.runner.action(event, {"tools": "props", "token": "of-the-mirror", "base-url": mirror}))
    equal("which gets it", {token for _, token in Quiet.asked[before:]}, {"Bearer of-the-mirror"})


def logged_in(world: World) -> None:
    """The workflow's own token goes to ghcr.io; who has no password for another registry is not logged in there."""
    runner, registry = world.runner, world.servers.registry
    inputs = {"image": f"{registry}/team/gated", "registry": registry}
    path, request = ".github/workflows/image-pipeline.yml", world.request()
    caches = [runner.variables(path, "image", event, inputs)["IMAGE_CACHE_TO"] for event in (world.event(), request)]
    equal("what is not merged leaves no layers for main", caches, [f"{registry}/team/gated/cache", ""])
    equal("but takes them", runner.variables(path, "image", request, inputs)["IMAGE_CACHE"], f"{registry}/team/gated/cache")

    passes("a request's build with a password", world.of_image("image-build", request, push=False))
    equal("is logged in", world.logins, [registry])
    kept, runner.secrets = runner.secrets, {"GITHUB_TOKEN": TOKEN}
    passes("a fork's build, which has none", world.of_image("image-build", request, push=False))
    equal("is not", world.logins, [])
    passes("a fork's build on GitHub's registry", world.of_image("image-build", request, push=False, registry="ghcr.io"))
    equal("is, with the workflow's token", world.logins, ["ghcr.io"])
    ran = world.of_image("image-promote", world.event())
    check("a promotion without a password says where it stops", not ran.passed and registry in ran.log and "== Promote\n" in ran.log, ran.log)
    equal("with nobody logged in", world.logins, [])
    runner.secrets = kept


def built(world: World) -> str:
    """main builds and pushes, with labels and the cache; a request only tries."""
    short = world.service.main[:8]
    tried = world.of_image("image-build", world.event(), push=False)
    passes("a build that is only tried", tried)
    equal("pushes nothing", (world.digest(f"ci:{short}"), tried.outputs["image"]), (None, ""))
    ran = world.of_image("image-build", world.event(), build_args="BASE_IMAGE=python\n\nOTHER=with blanks\n")
    if not passes("a build", ran):
        return ""
    digest = world.digest(f"ci:{short}")
    equal("it says what it pushed", ran.outputs["image"], f"{world.base}/ci:{short}@{digest}")
    equal("and which version that is", ran.outputs["version"], f"1.3.0+g{short}")
    check("in the summary, too", f"Pushed {world.base}/ci:{short}@{digest}" in ran.summary, ran.summary)
    labels = world.servers.config(f"{REPOSITORY}/ci:{short}")["config"]["Labels"]
    equal("the image has the labels of its commit", labels["org.opencontainers.image.revision"], world.service.main)
    calls = (RECORD / "calls").read_text()
    check("blanks in arguments stay", '"--build-arg", "OTHER=with blanks"' in calls, calls)
    check("the cache is that of the repository", f"type=registry,ref={world.base}/cache:buildx,mode=max" in calls, calls)
    return ran.outputs["image"]


def promoted(world: World, image: str) -> None:
    """The gate; main's release by its commit; then the tag's, with the tags that move."""
    short, tag = world.service.main[:8], world.event("1.4.0", "tag")
    digest = image.partition("@")[2]
    ran = world.of_image("image-promote", world.event(), image=image)
    check("what has no marks is not released", not ran.passed and "tested" in ran.log and world.digest(f"release:{short}") is None, ran.log)
    ran = world.of_image("image-promote", tag)
    check("a tag releases nothing that main has not", not ran.passed and "let that one pass first" in ran.log, ran.log)
    world.mark(f"ci:{short}", "tested", "scanned")
    ran = world.of_image("image-promote", world.event(), image=image)
    if not passes("promotion on main", ran):
        return
    equal("the same digest is released", (world.digest(f"release:{short}"), ran.outputs["image"]), (digest, f"{world.base}/release:{short}@{digest}"))
    for title in ("promotion of a tag", "and again"):
        ran = world.of_image("image-promote", tag)
        passes(title, ran)
    equal("under the tag's version", ran.outputs["image"], f"{world.base}/release:1.4.0@{digest}")
    equal("with the tags that move", [world.digest(f"release:{name}") for name in ("1.4.0", "1.4", "1", "latest")], [digest] * 4)
    passes("a build with a tag's version right away", world.of_image("image-build", tag, kind="release", platforms="linux/amd64"))
    check("has all its names", all(world.digest(f"release:{name}") for name in ("1.4.0", "1.4", "1", "latest")))
    equal("the cache knows no version", (RECORD / "calls").read_text().count("release:1.4.0,mode"), 0)


def released(world: World, image: str) -> None:
    """A release with notes, the image and the files of an artifact; twice is once."""
    artifact = FOLDER / "runner/artifacts/packages"
    artifact.mkdir(parents=True)
    (artifact / "numbers_api-1.4.0.whl").write_text("wheel")
    tag = world.event("1.4.0", "tag")
    for title in ("a release", "a release that is there"):
        ran = world.run("release", tag, tools_url=world.release.url, image=image, artifact="packages")
        if not passes(title, ran):
            return
    found = [one for one in world.servers.state(REPOSITORY)["releases"] if one["tag"] == "1.4.0"]
    equal("there is one", len(found), 1)
    check("with notes from the commits", "even numbers" in found[0]["body"], found)
    check("and the image", image in found[0]["body"], found)
    equal("and the files", list(found[0]["assets"].values()), ["wheel"])
    passes("a release with notes of one's own", world.run("release", tag, tools_url=world.release.url, notes="README.md"))
    check("which it has", "numbers" in world.servers.state(REPOSITORY)["releases"][-1]["body"])


def tracked(world: World) -> None:
    """A pull request for the newest version, and what a push starts."""
    manifest = f"""
name: numbers
sources: {{image: {{kind: dockerimage, spec: {{image: "{world.base}/release", versionfilter: {{kind: semver, pattern: ^1}}}}}}}}
targets: {{image: {{kind: yaml, sourceid: image, spec: {{file: values.yaml, key: $.image.tag}}}}}}
"""
    folder = world.service.folder
    (folder / "updatecli.d").mkdir()
    (folder / "updatecli.d/numbers.yaml").write_text(manifest)
    (folder / "values.yaml").write_text("image:\n  tag: 1.3.0   # followed\n")
    before, world.service.main = world.service.main, world.service.commit("chore: follow the image")
    auth = f'{{"auths": {{"{world.servers.registry}": {{"username": "{servers.USER}", "password": "{servers.PASSWORD}"}}}}}}'
    world.runner.secrets["DOCKER_AUTH_CONFIG"] = auth
    ran = world.run("image-track", world.event(name="main"), tools_url=world.release.url)
    world.service.main = before
    if not passes("tracking", ran):
        return
    requests = world.servers.state(REPOSITORY)["pulls"]
    equal("one request is open", [(one["state"], one["base"]) for one in requests], [("open", "main")])
    check("that says what changes", "1.4.0" in requests[0]["title"] + requests[0]["body"], requests)
    check("and merges itself", requests[0]["auto_merge"] is not None, requests)


GATES = """
image = "numbers-api:gate"
[build]
args = { BASE_IMAGE = "${BASE_IMAGE}" }
[[gate]]
name = "unit-tests"
run = ["python", "-m", "unittest"]
network = "none"
[health]
timeout = "60s"
interval = "1s"
[push]
to = ["${IMAGE}"]
only-on = ["main", "tag"]
tags-from = ["versioner", "tags", "release"]
"""


def gated(world: World) -> None:
    """The image-driven pipeline, on an engine: main is pushed and scanned, another branch is not, a gate that fails stops it."""
    with engine.Engine() as docker:
        if not docker.host:
            print(f"NOT CHECKED: image-pipeline.yml for real: {docker.why}")
            return
        offered = yaml.safe_load((gitlab.ROOT / ".github/workflows/image-pipeline.yml").read_text())["jobs"]["image"]["env"]
        described = (gitlab.ROOT / "examples/numbers-api/gates.toml").read_text()
        check("gates.toml takes what the workflow offers", all(f"${{{name}" in described for name in offered if name.startswith("IMAGE")), offered)
        world.runner.environment |= docker.environment() | {"BASE_IMAGE": world.servers.python()}
        before, image = world.service.main, f"{world.servers.registry}/team/gated"
        inputs = {"registry": world.servers.registry, "image": image, "tools_url": world.release.url, "file": "own.toml"}
        (world.service.folder / "own.toml").write_text(GATES)
        world.service.main = world.service.commit("feat: gates")
        ran = world.run("image-pipeline", world.event("feature"), **inputs)
        passes("a branch's image", ran)
        check("is not pushed", "| push | nothing to do |" in ran.summary and "== Scan" not in ran.log, ran.log)
        # The engine has the base by now, which a fork could not read.
        kept, world.runner.secrets = world.runner.secrets, {"GITHUB_TOKEN": TOKEN}
        passes("a fork's image, without a password", world.run("image-pipeline", world.request(), **inputs))
        equal("with which nobody is logged in", world.logins, [])
        world.runner.secrets = kept
        ran = world.run("image-pipeline", world.event(), **inputs)
        passes("main's image", ran)
        found = world.servers.image(f"team/gated:{world.service.main[:8]}")
        check("is pushed and scanned", found and f"scanned {image}@{found['digest']} for HIGH,CRITICAL" in ran.log, ran.log)
        check("the summary has every step", all(f"| {step} | passed |" in ran.summary for step in ("build", "unit-tests", "health", "push")), ran.summary)
        check("the report is kept", (world.runner.folder / "artifacts/image-pipeline/image-pipeline.xml").is_file())
        (world.service.folder / "own.toml").write_text(GATES.replace('"unittest"', '"nothing-of-that-name"'))
        world.service.main = world.service.commit("feat: a gate that fails")
        ran = world.run("image-pipeline", world.event(), **inputs)
        check("a gate that fails stops it", not ran.passed and "== Scan" not in ran.log and "| unit-tests | failed |" in ran.summary, ran.log)
        check("what there is to clear up is cleared up", "== Clear up" in ran.log, ran.log)
        world.service.main = before


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: the workflows for GitHub for real; E2E_BIN_DIR names no folder of binaries")
        return report("workflows")
    # There is no network later on.
    bases.layout()
    engine.alone()
    shutil.rmtree(FOLDER, ignore_errors=True)
    for folder in (RECORD, FOLDER / "home"):
        folder.mkdir(parents=True)
    (RECORD / "calls").write_text("")
    release, service = Release(binaries), Service()
    hub = {
        "repository": REPOSITORY,
        "token": TOKEN,
        "tags": {"1.3.0": service.first, "1.4.0": service.main},
        "files": {"values.yaml": "image:\n  tag: 1.3.0   # followed\n"},
        "workflows": [],
    }
    with servers.Servers(binaries, {"github": hub}) as running:
        world = World(binaries, release, service, running)
        try:
            setup(world)
            logged_in(world)
            image = built(world)
            if image:
                service.git("tag", "1.4.0", service.main)
                promoted(world, image)
                released(world, image.replace("/ci:", "/release:"))
                tracked(world)
                gated(world)
        except BROKEN as error:
            check("the workflows get to their end", False, f"{error!r} at line {error.__traceback__.tb_next.tb_lineno}")
    try:
        own(binaries, release)
    except BROKEN as error:
        check("this repository's own get to their end", False, f"{error!r} at line {error.__traceback__.tb_next.tb_lineno}")
    return report("workflows")


if __name__ == "__main__":
    sys.exit(main())
