"""Runs jobs of the templates on examples/numbers-api, with our own binaries and stand-ins for what builds and tests images.

Prints what is wrong, then 'runs: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import sys

import gates
import gitlab
from checks import check, report

SECRET = "s3cret-password"
PIPELINE = {
    "CI_PROJECT_NAME": "numbers-api",
    "CI_PROJECT_TITLE": 'Numbers "API"',
    "CI_JOB_ID": "77",
    "ARTIFACTORY_HOST": "registry.example.com",
    "ARTIFACTORY_USER": "bot",
    "ARTIFACTORY_PASSWORD": SECRET,
    "DOCKER_TEAM_REGISTRY_PREFIX": "team",
    "PROJECT_SLUG": "/services",
    "PYPELINES_IMAGE": "registry.example.com/pypelines",
    "BUILD_ARGS": "A=1 B=2",
    "BUILD_SECRETS": "ARTIFACTORY_PASSWORD",
}
# What is missing or wrong, the jobs that are run, the variables that differ, and what the last of the jobs says of it.
LACKING = (
    ("no image of the tools", ["lines-of-code-badge"], {"PYPELINES_IMAGE": ""}, "PYPELINES_IMAGE: set it to the image"),
    # Before anything is built.
    ("no user for Artifactory", ["prepare-build"], {"ARTIFACTORY_USER": ""}, "ARTIFACTORY_USER: needed to log in"),
    ("no password for Artifactory", ["prepare-build"], {"ARTIFACTORY_PASSWORD": ""}, "ARTIFACTORY_PASSWORD: needed to log in"),
    ("no prefix on Artifactory", ["prepare-build"], {"DOCKER_TEAM_REGISTRY_PREFIX": ""}, "DOCKER_TEAM_REGISTRY_PREFIX is not set"),
    ("a slug without its slash", ["prepare-build"], {"PROJECT_SLUG": "services"}, "PROJECT_SLUG is 'services', and has to start with /"),
    ("an unknown builder", ["prepare-build", "build-amd64"], {"BUILDER": "make"}, "BUILDER is make: buildkit, kaniko"),
    ("secrets with kaniko", ["prepare-build", "build-amd64"], {"BUILDER": "kaniko"}, "BUILD_SECRETS needs secret mounts"),
    ("a secret that is not set", ["prepare-build", "build-amd64"], {"BUILD_SECRETS": "NPM_TOKEN"}, "BUILD_SECRETS names NPM_TOKEN"),
    ("no Dockerfile", ["prepare-build", "build-amd64"], {"DOCKERFILE": "Containerfile"}, "./Containerfile is not here"),
    ("a build without names", ["build-alone"], {}, "CI_IMAGE: it comes from the job that extends .prepare-build"),
    ("a test without names", ["test-docker"], {}, "CI_IMAGE: it comes from the job that extends .prepare-build-tag"),
    ("a test without its compose file", ["test-without-file"], {}, "compose.pypelines.yml is not here"),
    ("a scan without names", ["trivy-image"], {}, "CI_IMAGE: it comes from the job that extends .prepare-build"),
    ("a scan without a digest", ["prepare-build", "trivy-image-alone"], {}, "CI_IMAGE_DIGEST: it comes from the job"),
    ("no address of Sonar", ["sonar"], {}, "SONAR_HOST_URL: set it to the address"),
    ("no image to inspect", ["inspect"], {}, "IMAGE_GATE_REFERENCE: set it to the image"),
)


def run(binaries: str, jobs: list, changes: dict, run_code: int = 0):
    """The repository afterwards, what the stand-ins kept, and what gitlab-ci-local said."""
    record = gitlab.WORK / "record"
    shutil.rmtree(record, ignore_errors=True)
    record.mkdir(parents=True)
    folder = gitlab.repository(gitlab.HERE / "example.yml", gitlab.ROOT / "examples/numbers-api")
    variables = PIPELINE | {"RECORD": str(record), "RUN_CODE": str(run_code)} | changes
    path = f"{gitlab.HERE / 'stand-ins'}:{binaries}:{os.environ['PATH']}"
    done = gitlab.run(folder, variables, "--shell-isolation", *jobs, PATH=path)
    return folder / ".gitlab-ci-local/artifacts", record, done


def whole(binaries: str) -> None:
    jobs = ["lines-of-code-badge", "hadolint", "prepare-build", "build-amd64", "prepare-compose", "test"]
    artifacts, record, done = run(binaries, jobs, {"CODEQUALITY_REPORT": "linters.json"})
    said = done.stdout + done.stderr
    check("the jobs pass", done.returncode == 0, said[-3000:])
    if done.returncode:
        return
    check("no log holds the password", SECRET not in said and base64.b64encode(f"bot:{SECRET}".encode()).decode() not in said)

    image = "registry.example.com/team/services/numbers-api/ci:"
    place = (record / "config-folder").read_text()
    check("credentials are outside of the build context", not place.startswith(str(gitlab.ROOT)), place)

    check("a report has the name that it is given", (artifacts / "hadolint/linters.json").read_text() == "[]\n")
    linted = (record / "hadolint").read_text()
    check("the Dockerfile is named as GitLab knows it", linted.endswith("warning Dockerfile\n"), linted)
    badge = (artifacts / "lines-of-code-badge/lines-of-code-badge.svg").read_text()
    check("the badge is an image", badge.lstrip().startswith("<svg"), badge[:80])
    compose = (artifacts / "prepare-compose/compose.pypelines.yml").read_text()
    check("the compose file has the built image", f"    image: {image}" in compose and "build:" not in compose, compose)
    called = (record / "docker").read_text()
    check("compose runs the tests of that file", "docker compose --file compose.pypelines.yml run --no-TTY --name test-77 application pytest" in called, called)
    coverage = (artifacts / "test/coverage.xml").read_text()
    check("coverage has the project's paths", "<source>/app<" not in coverage and "/numbers_api</source>" in coverage, coverage)
    check("only whole folders are taken for the container's", "<source>/application</source>" in coverage, coverage)
    check("JUnit's report is kept", (artifacts / "test/junit.xml").read_text() == "<testsuites/>\n")


# Of each builder: its jobs, what is written before a label and an argument, how a secret and the caches are given, and what
# names the image.
BUILDERS = {
    "buildkit": {
        "job": "build-{arch}",
        "has": ["label:{label}", "build-arg:A=1", "build-arg:B=2", "id={secret},env={secret}", "platform=linux/{arch}"]
        + ["type=registry,ref={base}/cache:linux-{arch}"]
        + ["type=registry,ref={base}/cache:linux-{arch},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"]
        + ["type=image,name={image},push=true,oci-mediatypes=true"],
    },
    "kaniko": {
        "job": "build-{arch}",
        "set": {"BUILD_SECRETS": ""},
        "has": ["--label", "{label}", "A=1", "B=2", "--custom-platform", "linux/{arch}"]
        + ["--cache=true", "--cache-repo", "{base}/cache/linux-{arch}", "--destination", "{image}"],
    },
    "buildah": {
        "job": "build-{arch}",
        "has": ["--label", "{label}", "A=1", "B=2", "id={secret},type=env,env={secret}", "--platform", "linux/{arch}"]
        + ["--layers", "--cache-from", "--cache-to", "{base}/cache/linux-{arch}", "--tag", "{image}", "push"],
    },
    "buildx": {
        "job": "build-{arch}-dind",
        "set": {"BUILDER": "dind"},
        "has": ["--label", "{label}", "A=1", "B=2", "id={secret},env={secret}", "--platform", "linux/{arch}", "--provenance=false"]
        + ["type=registry,ref={base}/cache:linux-{arch}"]
        + ["type=registry,ref={base}/cache:linux-{arch},mode=max,image-manifest=true,oci-mediatypes=true,ignore-error=true"]
        + ["--tag", "{image}", "--push"],
    },
}


def builders(binaries: str) -> None:
    """Each builder gets the same: one image for a platform, its labels, arguments, secrets, its own cache, a login."""
    base = "registry.example.com/team/services/numbers-api"
    for name, builder in BUILDERS.items():
        called, platforms = {}, ("amd64", "arm64")
        jobs = [builder["job"].format(arch=arch) for arch in platforms]
        _, record, done = run(binaries, ["prepare-build", *jobs], {"BUILDER": name} | builder.get("set", {}))
        said = done.stdout + done.stderr
        check(f"{name} builds", done.returncode == 0, said)
        images = sorted(re.findall(rf"builds ({base}/ci:\S+)", said))
        check(f"{name}: the jobs say what they build", [one.rpartition("-")[2] for one in images] == list(platforms), images)
        for arch, image in zip(platforms, images):
            arguments = (record / f"{name}-{arch}").read_text().splitlines() if (record / f"{name}-{arch}").exists() else []
            values = {"arch": arch, "base": base, "image": image, "secret": "ARTIFACTORY_PASSWORD"}
            for wanted in builder["has"]:
                wanted = wanted.format(label='org.opencontainers.image.title=Numbers "API"', **values)
                check(f"{name} is given {wanted}", wanted in arguments, arguments)
            called[arch] = {word for word in arguments if "/cache" in word}
            check(f"{name}: no argument holds the password", SECRET not in "\n".join(arguments), arguments)
            kept = record / "config.json"
            login = json.loads(kept.read_text())["auths"]["registry.example.com"]["auth"] if kept.exists() else ""
            check(f"{name} can log in", base64.b64decode(login).decode() == f"bot:{SECRET}")
        check(f"{name}: two platforms share no cache", called["amd64"] and not called["amd64"] & called["arm64"], called)
    _, record, done = run(binaries, ["prepare-build", "build-amd64-dind"], {"BUILDER": "dind"}, run_code=1)
    called = (record / "docker").read_text()
    check("a build in dind that fails fails the job", done.returncode != 0, done.stdout)
    check("its engine is left empty", called.rstrip().endswith("docker buildx rm --force job-77"), called)


def failures(binaries: str) -> None:
    _, record, done = run(binaries, ["prepare-compose", "test-and-remove"], {}, run_code=5)
    check("tests that fail fail the job, with their code", done.returncode != 0 and "FAIL 5" in done.stdout + done.stderr, done.stderr)
    called = (record / "docker").read_text()
    check("reports are fetched when tests fail", "docker cp test-77:/srv/out/." in called, called)
    check("containers are removed when tests fail", called.rstrip().endswith("down --volumes --remove-orphans"), called)
    alone = [job for _, [job, *more], changes, _ in LACKING if not changes and not more]
    _, _, together = run(binaries, alone, {})
    for title, jobs, changes, says in LACKING:
        done = together if jobs[0] in alone and not changes else run(binaries, jobs, changes)[2]
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(f"{jobs[-1]} ")]
        check(f"{title} fails", re.search(rf"FAIL +{jobs[-1]}\b", done.stdout) is not None, lines)
        check(f"{title} is told in one line", len([line for line in lines if says in line]) == 1, lines)


def gated(binaries: str) -> None:
    """The jobs of image-gate, on a real engine that has nothing but a shell, and a real registry."""
    engine = subprocess.Popen([f"{binaries}/bench-engine"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    told = engine.stdout.readline().split()
    if not told:
        print("NOT CHECKED: the jobs of image-gate; no Docker engine can be started here")
        return
    host, base = told
    folder = gitlab.repository(gitlab.HERE / "gated.yml", gitlab.HERE / "gated")
    subprocess.run(["git", "-C", str(folder), "tag", "v1.4.3"], check=True)
    path = f"{gitlab.HERE / 'stand-ins'}:{binaries}:{os.environ['PATH']}"
    record = gitlab.WORK / "record"
    shutil.rmtree(record, ignore_errors=True)
    record.mkdir(parents=True)
    with gates.registry() as address:
        image = f"{address}/team/gated/release"
        variables = PIPELINE | {"ARTIFACTORY_HOST": "", "DOCKER_HOST": host, "DOCKER_TLS_VERIFY": "", "BASE": base, "RECORD": str(record)}
        variables |= {"CI_REGISTRY_IMAGE": image.removesuffix("/release"), "IMAGE_GATE_REFERENCE": f"{image}:1.4.3", "CI_PROJECT_URL": "https://gitlab.example.com/team/gated"}

        def run(job: str, changes: dict) -> tuple:
            done = gitlab.run(folder, variables | changes, "--shell-isolation", job, PATH=path)
            return done.returncode == 0, done.stdout + done.stderr

        ok, said = run("image-gate", {})
        check("an image passes its gates", ok, said)
        for step in ("build", "unit", "health"):
            check(f"the summary has {step}", re.search(rf"{step} +passed", said) is not None, said)
        check("nothing is pushed from a branch of no interest", "push    nothing to do" in said, said)
        junit = folder / ".gitlab-ci-local/artifacts/image-gate/junit.xml"
        check("the report is kept", junit.exists() and 'name="unit"' in junit.read_text())
        ok, said = run("image-gate", {"CODE": "7"})
        check("a gate that fails fails the job", "FAIL 3" in said and "exit code 7" in said, said)
        cached = {"GATES_FILE": "cached.toml", "IMAGE_BUILDER": "buildx"}
        cache = f"{image.removesuffix('/release')}/cache"
        request = gitlab.merge_request("feature/even") | {"ENABLE_ISOLATION": "true"}
        for event, changes, wanted in (
            ("main", {"CI_COMMIT_BRANCH": "main"}, cache),
            ("a merge request", request, ""),
            ("a merge request that says so", request | {"IMAGE_CACHE_TO": "example.com/mine"}, "example.com/mine"),
        ):
            ok, said = run("image-gate", changes | cached)
            check(f"layers of {event} go to the cache that is meant", ok and f"layers go to <{wanted}>" in said, said)
        ok, said = run("image-gate-inspect", gates.tag("v1.4.3"))
        check("what was not pushed cannot be inspected", not ok, said)

        ok, said = run("image-gate", gates.tag("v1.4.3"))
        check("a tag is pushed", ok and re.search(r"push +passed", said) is not None, said)
        skopeo = ["skopeo", "inspect", "--tls-verify=false"]
        seen = [subprocess.run([*skopeo, f"docker://{image}:{name}"], capture_output=True, text=True).stdout for name in ("1.4.3", "1.4", "1", "latest")]
        seen = [json.loads(one or "{}") for one in seen]
        digests = {one.get("Digest") for one in seen}
        check("with all its semantic tags", len(digests) == 1 and None not in digests, seen)
        labels = seen[0].get("Labels") or {}
        check("it has its version as a label", labels.get("org.opencontainers.image.version") == "1.4.3", labels)
        check("it has its source as a label", labels.get("org.opencontainers.image.source") == variables["CI_PROJECT_URL"], labels)
        ok, said = run("image-gate-inspect", gates.tag("v1.4.3"))
        check("its digest and platform are shown", ok and digests.pop() in said and "linux/amd64" in said, said)
        ok, said = run("image-gate-scan", gates.tag("v1.4.3"))
        called = (record / "trivy").read_text() if (record / "trivy").exists() else ""
        check("it is scanned", ok and called == f"image --exit-code 1 --severity HIGH,CRITICAL {image}:1.4.3\n", called + said)
        ok, said = run("image-gate-scan", gates.tag("v1.4.3") | {"TRIVY_CODE": "1"})
        check("what the scan finds fails the job", not ok, said)
    left = subprocess.run(["docker", "ps", "--all", "--quiet"], env=os.environ | {"DOCKER_HOST": host}, capture_output=True, text=True)
    check("no container is left", left.returncode == 0 and left.stdout == "", left.stdout + left.stderr)
    engine.stdin.close()
    engine.wait()


def badges(binaries: str) -> None:
    """Those that no preset draws by itself."""
    report_of = gitlab.WORK / "type-coverage"
    report_of.mkdir(parents=True, exist_ok=True)
    (report_of / "type-coverage.json").write_text('{"succeeded": true, "correctCount": 9, "totalCount": 10, "percent": 90, "percentString": "90.00"}')
    for job, file, says in (
        ("type-coverage-badge", "types.svg", "<title>type coverage: 90"),
        ("code-style-badge", "code-style-badge.svg", "<title>code style: ruff</title>"),
    ):
        given = {"TYPE_COVERAGE_REPORT": str(report_of / "type-coverage.json"), "TYPE_COVERAGE_BADGE": "types.svg"}
        artifacts, _, done = run(binaries, [job], given)
        badge = artifacts / job / file
        check(f"{job} draws it", badge.exists() and says in badge.read_text(), done.stdout + done.stderr)


def counted(binaries: str) -> None:
    for suffix, there, missing in (("py", "Python", "TOML"), ("toml", "TOML", "Python")):
        _, _, done = run(binaries, ["lines-of-code-badge"], {"FILE_SUFFIX": suffix})
        said = done.stdout + done.stderr
        check(f"FILE_SUFFIX '{suffix}' says what is counted", there in said and missing not in said, said[-1500:])


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: what the jobs do; E2E_BIN_DIR names no folder of binaries")
    else:
        whole(binaries)
        builders(binaries)
        badges(binaries)
        failures(binaries)
        gated(binaries)
        counted(binaries)
    return report("runs")


if __name__ == "__main__":
    sys.exit(main())
