"""From the built image to the deployment on Artifactory, where marks are properties: each job that calls our tools, on
testkit's double, with the backend named and found out.

Prints what is wrong, then 'artifactory: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import os
import sys
from pathlib import Path

import gates
import servers
from checks import check, report

KEY = "docker-local"
WORLD = {"project": "team/numbers-api", "commits": [], "tokens": {}, "job_tokens": [], "artifactory": KEY}
HELM = {"KUBE_CONTEXT": "team/agents:main", "DEPLOY_NAMESPACE": "numbers"}
# Artifactory sets properties of its own besides.
MARKS = ("tested", "scanned", "release-prod")


class Delivery:
    """The pipelines of a project with a path of its own, named after the backend that it sets."""

    def __init__(self, binaries: str, running: servers.Servers, backend: str):
        self.backend, self.running = backend, running
        self.path = f"{KEY}/team/{backend}/numbers-api"
        settings = {
            "ARTIFACTORY_HOST": running.artifactory,
            "ARTIFACTORY_USER": servers.USER,
            "ARTIFACTORY_PASSWORD": servers.PASSWORD,
            "DOCKER_TEAM_REGISTRY_PREFIX": f"{KEY}/team",
            "PROJECT_SLUG": f"/{backend}",
            "REGISTRY_BACKEND": backend,
        }
        self.world = gates.World(binaries, f"{running.artifactory}/{self.path}", settings)

    def run(self, job: str, event: dict, **more: str) -> bool:
        """Whether the job passes; `said` is what it said."""
        passes, self.said = self.world.run(job, event, **more)
        self.check("no log holds the password", servers.PASSWORD not in self.said)
        return passes

    def check(self, title: str, holds: bool) -> None:
        check(f"{self.backend}: {title}", holds, self.said)

    def marks(self, kind: str, tag: str, *expected: str) -> None:
        found = self.running.properties(f"{self.path}/{kind}/{tag}/list.manifest.json")
        found = {name: values for name, values in found.items() if name in MARKS}
        check(f"{self.backend}: the properties of {kind}:{tag} are {expected}", found == {name: ["true"] for name in expected}, found)


def main_branch(delivery: Delivery) -> None:
    world = delivery.world
    passes = delivery.run("verify", gates.MAIN)
    delivery.check("without marks the gate is shut", not passes and "tested" in delivery.said and "scanned" in delivery.said)
    delivery.check("a mark can be set", delivery.run("tag-tested", gates.MAIN, CI_IMAGE_DIGEST=world.built))
    delivery.marks("ci", world.sha, "tested")
    passes = delivery.run("image-release", gates.MAIN)
    delivery.check("one mark of two releases nothing", not passes and not world.digest("release", world.sha))
    delivery.check("another mark can be set", delivery.run("tag-scanned", gates.MAIN, CI_IMAGE_DIGEST=world.built))
    delivery.marks("ci", world.sha, "tested", "scanned")
    delivery.check("with its marks an image passes", delivery.run("verify", gates.MAIN))
    passes = delivery.run("image-release", gates.MAIN)
    delivery.check("main releases that digest", passes and world.digest("release", world.sha) == world.built)
    delivery.marks("release", world.sha, "tested", "scanned")


def tag(delivery: Delivery) -> None:
    world, event = delivery.world, gates.tag("v1.4.0")
    delivery.check("a tag's pipeline looks at the marks", delivery.run("verify", event))
    passes = delivery.run("image-release", event)
    delivery.check("a tag releases that digest", passes and world.digest("release", "1.4.0") == world.built)
    world.chart()
    delivery.check("a deployment may fail", not delivery.run("deploy-prod", event, **HELM, HELM_CODE="1"))
    delivery.marks("release", "1.4.0", "tested", "scanned")
    delivery.check("a deployment may pass", delivery.run("deploy-prod", event, **HELM))
    delivery.marks("release", "1.4.0", "tested", "scanned", "release-prod")
    delivery.check("and has its tag", world.digest("release", "prod") == world.built)

    site = world.base / "site"
    passes = delivery.run("gitlab-release", event, RELEASE_FORGE=f"dir:{site}", CI_PROJECT_URL="https://gitlab.example.com/team/numbers-api")
    kept = "".join(file.read_text() for file in site.glob("**/*.json"))
    page = f"https://{delivery.running.artifactory}/ui/native/{delivery.path}/release/1.4.0"
    delivery.check("the release links to its page", passes and page in kept)


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries:
        print("NOT CHECKED: a pipeline on Artifactory; E2E_BIN_DIR names no folder of binaries")
    elif not Path(binaries, "pipeline-servers").exists():
        check("pipeline-servers is among the binaries", False, "build the workspace with --bins")
    else:
        with servers.Servers(binaries, WORLD) as running:
            for backend in ("auto", "artifactory"):
                delivery = Delivery(binaries, running, backend)
                main_branch(delivery)
                tag(delivery)
    return report("artifactory")


if __name__ == "__main__":
    sys.exit(main())
