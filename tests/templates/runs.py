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
    artifacts, record, done = run(binaries, jobs, {})
    said = done.stdout + done.stderr
    check("the jobs pass", done.returncode == 0, said[-3000:])
    if done.returncode:
        return
    check("no log holds the password", SECRET not in said and base64.b64encode(f"bot:{SECRET}".encode()).decode() not in said)

    built = (record / "buildctl").read_text()
    image = "registry.example.com/team/services/numbers-api/ci:"
    check("the image of a platform is named", f"type=image,name={image}" in built and "-linux-amd64,push=true" in built, built)
    check("each platform has a cache of its own", "numbers-api/cache:linux-amd64,mode=max" in built, built)
    check("quotes in labels arrive", 'label:org.opencontainers.image.title=Numbers "API"\n' in built, built)
    check("arguments arrive", "build-arg:A=1\n" in built and "build-arg:B=2\n" in built, built)
    check("a secret is mounted by name", "id=ARTIFACTORY_PASSWORD,env=ARTIFACTORY_PASSWORD\n" in built, built)
    check("no argument holds the password", SECRET not in built, built)
    login = json.loads((record / "config.json").read_text())["auths"]["registry.example.com"]["auth"]
    check("the builder can log in", base64.b64decode(login).decode() == f"bot:{SECRET}")
    place = (record / "config-folder").read_text()
    check("credentials are outside of the build context", not place.startswith(str(gitlab.ROOT)), place)

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


def failures(binaries: str) -> None:
    _, record, done = run(binaries, ["prepare-compose", "test-and-remove"], {}, run_code=5)
    check("tests that fail fail the job, with their code", done.returncode != 0 and "FAIL 5" in done.stdout + done.stderr, done.stderr)
    called = (record / "docker").read_text()
    check("reports are fetched when tests fail", "docker cp test-77:/srv/out/." in called, called)
    check("containers are removed when tests fail", called.rstrip().endswith("down --volumes --remove-orphans"), called)
    for title, job, changes, says in (
        ("no image of the tools", "lines-of-code-badge", {"PYPELINES_IMAGE": ""}, "PYPELINES_IMAGE: set it to the image"),
        ("no user for Artifactory", "build-amd64", {"ARTIFACTORY_USER": ""}, "ARTIFACTORY_USER: needed to log in"),
        ("an unknown builder", "build-amd64", {"BUILDER": "make"}, "BUILDER is make: buildkit, kaniko"),
        ("secrets with kaniko", "build-amd64", {"BUILDER": "kaniko"}, "BUILD_SECRETS needs secret mounts"),
        ("a secret that is not set", "build-amd64", {"BUILD_SECRETS": "NPM_TOKEN"}, "BUILD_SECRETS names NPM_TOKEN"),
        ("no Dockerfile", "build-amd64", {"DOCKERFILE": "Containerfile"}, "./Containerfile is not here"),
    ):
        jobs = [job] if job == "lines-of-code-badge" else ["prepare-build", job]
        _, _, done = run(binaries, jobs, changes)
        said = done.stdout + done.stderr
        check(f"{title} fails, and says so", done.returncode != 0 and says in said, said[-1500:])


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
        failures(binaries)
        gated(binaries)
        counted(binaries)
    return report("runs")


if __name__ == "__main__":
    sys.exit(main())
