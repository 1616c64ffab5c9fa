#!/usr/bin/env python3
"""Stands for programs that the pipeline's real run cannot have: it is called by their names.

Each knows the arguments that the real one would be called with here, refuses all others with code 64, looks at what it is
given, leaves what the real one would leave, and adds a line to $RECORD/calls: who was called, with what, by which job.
"""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

RECORD = Path(os.environ["RECORD"])


class Arguments(argparse.ArgumentParser):
    """A command line that is refused in one way, whatever is wrong with it."""

    def __init__(self, program: str):
        super().__init__(prog=program, allow_abbrev=False, add_help=False)

    def error(self, message: str):
        refuse(f"{self.prog}: {message}")


def refuse(why: str):
    print(f"stand-in: {why}", file=sys.stderr)
    sys.exit(64)


def record(program: str, arguments: list, **seen) -> None:
    line = {"program": program, "job": os.environ.get("CI_JOB_NAME"), "arguments": arguments, **seen}
    with (RECORD / "calls").open("a") as calls:
        calls.write(json.dumps(line) + "\n")


def login() -> Path:
    """The file with credentials that the job made: outside of the project, and for this registry."""
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    if not path.is_file() or path.is_relative_to(Path.cwd()):
        refuse(f"there are no credentials for an image in {path}")
    return path


def manifest(image: str) -> dict:
    """What the registry has of an image, as the job may see it."""
    return json.loads(raw(image))


def raw(image: str) -> bytes:
    # skopeo wants one of the two.
    image = re.sub(r":[^:@/]*@", "@", image)
    command = ["skopeo", "inspect", "--raw", "--tls-verify=false", "--authfile", str(login()), f"docker://{image}"]
    asked = subprocess.run(command, capture_output=True)
    if asked.returncode:
        refuse(f"{image} cannot be had: {asked.stderr.decode().strip()}")
    return asked.stdout


def trivy(arguments: list) -> int:
    verb, rest = arguments[0], Arguments("trivy")
    rest.add_argument("what")
    if verb in ("filesystem", "image"):
        for name in ("--exit-code", "--severity", "--output"):
            rest.add_argument(name, required=True)
        rest.add_argument("--format", choices=["json"], required=True)
        if verb == "image":
            rest.add_argument("--platform", required=True)
        given = rest.parse_args(arguments[1:])
        if verb == "image":
            listed = manifest(given.what).get("manifests", [])
            platforms = [f"{one['platform']['os']}/{one['platform']['architecture']}" for one in listed]
            if "@sha256:" not in given.what or given.platform not in platforms:
                refuse(f"trivy: {given.what} has {platforms}, not {given.platform}")
        elif not Path(given.what).is_dir():
            refuse(f"trivy: {given.what} is no folder")
        found = [{"VulnerabilityID": "CVE-2026-0001"}] if verb == os.environ.get("VULNERABLE") else []
        report = {"SchemaVersion": 2, "ArtifactName": given.what, "Results": [{"Vulnerabilities": found}]}
        Path(given.output).write_text(json.dumps(report))
        return int(given.exit_code) if found else 0
    if verb == "convert":
        rest.add_argument("--format", choices=["template", "table"], required=True)
        rest.add_argument("--template", choices=["@/contrib/gitlab.tpl"])
        rest.add_argument("--output")
        given = rest.parse_args(arguments[1:])
        report = json.loads(Path(given.what).read_text())
        found = [one for result in report["Results"] for one in result["Vulnerabilities"]]
        if given.format == "table":
            print(f"{report['ArtifactName']}: {len(found)} vulnerabilities")
        elif not (given.template and given.output):
            refuse("trivy: a template and its output belong together")
        else:
            Path(given.output).write_text(json.dumps({"version": "15.0.7", "vulnerabilities": found}))
        return 0
    return refuse(f"trivy has no {verb} here")


def sonar_scanner(arguments: list) -> int:
    known = ("projectKey", "qualitygate.wait", "python.coverage.reportPaths", "python.xunit.reportPath")
    given = dict(one.removeprefix("-Dsonar.").split("=", 1) for one in arguments if one.startswith("-Dsonar."))
    if len(given) != len(arguments) or set(given) != set(known):
        refuse(f"sonar-scanner: {arguments}")
    for name in ("SONAR_TOKEN", "SONAR_HOST_URL"):
        if not os.environ.get(name):
            refuse(f"sonar-scanner: {name} is not set")
    ElementTree.parse(given["python.xunit.reportPath"])
    coverage = ElementTree.parse(given["python.coverage.reportPaths"])
    folders = [Path(source.text).relative_to(os.environ["CI_PROJECT_DIR"]) for source in coverage.iter("source")]
    for name in [file.get("filename") for file in coverage.iter("class")]:
        if not any((folder / name).is_file() for folder in folders):
            refuse(f"sonar-scanner: {name} of the coverage report is none of this repository's files, in {folders}")
    return 0


def kube_score(arguments: list) -> int:
    parser = Arguments("kube-score")
    parser.add_argument("verb", choices=["score"])
    parser.add_argument("--output-format", choices=["ci"], required=True)
    parser.add_argument("file")
    for found in yaml.safe_load_all(Path(parser.parse_args(arguments).file).read_text()):
        if found:
            print(f"[OK] {found['metadata']['name']} {found['apiVersion']}/{found['kind']}")
    return 0


def helm(arguments: list) -> int:
    if arguments == ["upgrade", "--help"]:
        print("      --rollback-on-failure   if set, Helm will rollback the upgrade to previous success release upon failure")
        return 0
    parser = Arguments("helm")
    parser.add_argument("verb", choices=["upgrade", "template"])
    parser.add_argument("release")
    parser.add_argument("chart")
    parser.add_argument("--values", action="append", default=[])
    if arguments[0] == "upgrade":
        for name in ("--kube-context", "--namespace", "--timeout"):
            parser.add_argument(name, required=True)
        for name in ("--install", "--wait", "--rollback-on-failure"):
            parser.add_argument(name, action="store_true", required=True)
    given = parser.parse_args(arguments)
    resources = rendered(given.chart, given.release, given.values)
    if given.verb == "template":
        print("\n".join(f"---\n{yaml.safe_dump(one)}" for one in resources))
        return 0
    tools = sorted(path.name for path in Path(".pypelines/bin").iterdir())
    record("cluster", [given.kube_context, given.namespace], resources=resources, tools=tools)
    if os.environ.get("HELM_FAILS_IN") == given.namespace:
        print("Error: UPGRADE FAILED: context deadline exceeded", file=sys.stderr)
        return 1
    return 0


def rendered(chart: str, release: str, files: list) -> list:
    """The chart as helm 4 renders it."""
    import helm_python

    values = {}
    for file in files:
        merge(values, helm_python.values_from_yaml(Path(file).read_text()))
    texts = helm_python.Chart.load(chart).render(values, name=release)
    return [one for text in texts.values() for one in yaml.safe_load_all(text) if one]


def merge(into: dict, more: dict) -> None:
    for name, value in more.items():
        if isinstance(value, dict) and isinstance(into.get(name), dict):
            merge(into[name], value)
        else:
            into[name] = value


def kubectl(arguments: list) -> int:
    return refuse(f"kubectl: no job calls it, and this one does: {arguments}")


def buildctl(arguments: list) -> int:
    import build

    parser = Arguments("buildctl")
    parser.add_argument("verb", choices=["build"])
    parser.add_argument("--progress", choices=["plain"])
    parser.add_argument("--frontend", choices=["dockerfile.v0"], required=True)
    for name in ("--import-cache", "--export-cache", "--output"):
        parser.add_argument(name, required=True)
    for name in ("--local", "--opt", "--secret"):
        parser.add_argument(name, action="append", default=[])
    given = parser.parse_args(arguments)
    places = dict(one.split("=", 1) for one in given.local)
    options = dict(one.split("=", 1) for one in given.opt)
    output = dict(one.split("=", 1) for one in given.output.split(","))
    if set(places) != {"context", "dockerfile"} or output.get("type") != "image" or output.get("push") != "true":
        refuse(f"buildctl: {given}")
    login()
    wanted = build.Wanted(
        context=places["context"],
        dockerfile=str(Path(places["dockerfile"], options.pop("filename"))),
        platform=options.pop("platform"),
        name=output["name"],
        arguments={k.removeprefix("build-arg:"): v for k, v in options.items() if k.startswith("build-arg:")},
        labels={k.removeprefix("label:"): v for k, v in options.items() if k.startswith("label:")},
    )
    if len(wanted.arguments) + len(wanted.labels) != len(options):
        refuse(f"buildctl: {options}")
    return build.with_docker(wanted) if os.environ.get("ENGINE") else build.by_hand(wanted, login())


def buildx(arguments: list) -> int:
    """A build with its cache in the registry: the image of every name, and what --metadata-file says of it."""
    import bases
    import build

    parser = Arguments("docker buildx")
    parser.add_argument("verb", choices=["build"])
    parser.add_argument("--progress", choices=["plain"])
    for name in ("--platform", "--cache-from", "--metadata-file", "--file"):
        parser.add_argument(name, required=True)
    for name in ("--label", "--build-arg", "--tag"):
        parser.add_argument(name, action="append", default=[])
    parser.add_argument("--cache-to")
    parser.add_argument("--push", action="store_true")
    parser.add_argument("context")
    given = parser.parse_args(arguments)
    cache = dict(one.split("=", 1) for one in given.cache_from.split(","))
    kept = dict(one.split("=", 1) for one in given.cache_to.split(",")) if given.cache_to else {}
    if cache.get("type") != "registry" or (kept and (kept.get("mode"), kept.get("ref")) != ("max", cache["ref"])):
        refuse(f"docker buildx: this keeps no cache: {given}")
    if bool(kept) != given.push or not Path(given.file).is_file():
        refuse(f"docker buildx: {given}")
    found = ""
    for name in given.tag if given.push else []:
        pairs = [dict(one.split("=", 1) for one in several) for several in (given.build_arg, given.label)]
        wanted = build.Wanted(given.context, given.file, given.platform, name, *pairs)
        if build.by_hand(wanted, login()):
            return 1
        found = bases.digest(raw(name))
    Path(given.metadata_file).write_text(json.dumps({"containerimage.digest": found}))
    return 0


def docker(arguments: list) -> int:
    if arguments[:1] == ["buildx"]:
        return buildx(arguments[1:])
    if not os.environ.get("ENGINE"):
        import containers

        return containers.docker(arguments)
    program = [os.environ["COMPOSE"], *arguments[1:]] if arguments[0] == "compose" else ["/usr/bin/docker", *arguments]
    return subprocess.run(program).returncode


PROGRAMS = {
    "trivy": trivy,
    "sonar-scanner": sonar_scanner,
    "kube-score": kube_score,
    "helm": helm,
    "kubectl": kubectl,
    "buildctl-daemonless.sh": buildctl,
    "docker": docker,
}


def main() -> int:
    program, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    record(program, arguments)
    return PROGRAMS[program](arguments)


if __name__ == "__main__":
    sys.exit(main())
