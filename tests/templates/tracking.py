"""The jobs of a repository of deployment values, with our own binaries, a registry and the double of GitLab: a schedule finds
a newer image and opens a merge request, and a push starts the pipelines of the environments.

Prints what is wrong, then 'tracking: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import gitlab
import servers
from checks import check, report

PROJECT = "team/profile"
TOKEN, TRIGGER = "s3cret-of-a-developer", "s3cret-of-the-trigger"
VALUES = "# what runs\nimage:\n  tag: 1.2.0   # followed\n"
MESSAGE = 'Update "app"\nto $1 & more'
MANIFEST = """sources:
  app:
    kind: dockerimage
    spec:
      image: {registry}/team/app
      versionfilter: {{kind: semver, pattern: ^1}}
targets:
  tag:
    kind: yaml
    spec: {{file: env/values.yaml, key: $.image.tag}}
"""


class World:
    """A checkout of the project, and the servers that its jobs talk to."""

    def __init__(self, binaries: str, places: servers.Servers):
        self.binaries, self.places = binaries, places
        files = gitlab.WORK / "profile-files"
        shutil.rmtree(files, ignore_errors=True)
        for name, text in {"env/values.yaml": VALUES, "updatecli.d/app.yaml": MANIFEST.format(registry=places.registry)}.items():
            (files / name).parent.mkdir(parents=True, exist_ok=True)
            (files / name).write_text(text)
        self.folder = gitlab.repository(gitlab.HERE / "profile.yml", files, "tracking")

    def push(self, tag: str) -> None:
        """Another image, in the registry."""
        source, made = gitlab.ROOT / "examples/numbers-api/numbers_api", gitlab.WORK / "tracked"
        command = [f"{self.binaries}/demo-image", str(source), str(made), tag, tag]
        subprocess.run(command, check=True, env={"PATH": os.environ["PATH"], "SOURCE_DATE_EPOCH": "1767225600"}, capture_output=True)
        name = f"docker://{self.places.registry}/team/app:{tag}"
        self.places.skopeo("copy", "--quiet", "--all", "--dest-tls-verify=false", "--dest-creds", f"oci:{made}:{tag}", name)

    def run(self, job: str, event: str, **more: str):
        """How the job ended, and all it said."""
        variables = {
            "CI_COMMIT_BRANCH": "main",
            "CI_PIPELINE_SOURCE": event,
            "CI_API_V4_URL": self.places.api,
            "CI_SERVER_URL": self.places.url,
            "CI_PROJECT_PATH": PROJECT,
            "CI_PROJECT_ID": "1",
            "CI_PROJECT_URL": f"{self.places.url}/{PROJECT}",
            "CI_COMMIT_MESSAGE": MESSAGE,
            "GITLAB_TOKEN": TOKEN,
            "DEV_TRIGGER_TOKEN": TRIGGER,
            "PYPELINES_IMAGE": "registry.example.com/pypelines",
            "IMAGE_TRACK_REGISTRY": self.places.registry,
            "IMAGE_TRACK_REGISTRY_USER": servers.USER,
            "IMAGE_TRACK_REGISTRY_PASSWORD": servers.PASSWORD,
        }
        path = f"{self.binaries}:{os.environ['PATH']}"
        done = gitlab.run(self.folder, variables | more, "--shell-isolation", "--no-evaluate-rule-changes", job, PATH=path)
        said = done.stdout + done.stderr
        check("no log holds a secret", not any(secret in said for secret in (TOKEN, TRIGGER, servers.PASSWORD)), said)
        return done.returncode == 0, said

    def state(self) -> dict:
        return self.places.state(PROJECT)


def follow(world: World) -> None:
    world.push("1.2.0")
    ok, said = world.run("track-images", "schedule")
    check("nothing newer is nothing to propose", ok and "nothing to propose" in said and world.state()["merge_requests"] == [], said)
    world.push("1.3.0")
    ok, said = world.run("track-images", "schedule")
    requests = world.state()["merge_requests"]
    check("a newer image opens one merge request", ok and [request["title"] for request in requests] == ["Update app to 1.3.0"], said)
    check("it merges itself", bool(requests) and requests[0]["auto_merge"], requests)
    proposed = world.state()["tree"].get("image-track/main:env/values.yaml")
    check("only the value changes", proposed == VALUES.replace("1.2.0", "1.3.0"), proposed)
    state = world.state()
    ok, said = world.run("track-images", "trigger", IMAGE_TRACK_ONLY="app")
    check("a second time changes nothing", ok and world.state() == state, said)
    ok, said = world.run("track-images", "schedule", GITLAB_TOKEN="")
    check("without a token the job says which one it wants", not ok and "GITLAB_TOKEN" in said, said)


def start(world: World) -> None:
    project = {"name": "dev", "url": f"{world.places.url}/{PROJECT}", "secret": "DEV_TRIGGER_TOKEN"}
    wrong = json.dumps([project, project | {"name": "prod", "secret": "PROD_TRIGGER_TOKEN"}])
    ok, said = world.run("trigger-environments", "push", PROJECTS=wrong)
    check("a missing token starts nothing", not ok and "PROD_TRIGGER_TOKEN is not set" in said and world.state()["pipelines"] == [], said)
    ok, said = world.run("trigger-environments", "push", PROJECTS=json.dumps([project]))
    pipelines = world.state()["pipelines"]
    check("a push starts the environments", ok and len(pipelines) == 1, said)
    variables = dict(pipelines[0]["variables"]) if pipelines else {}
    check("the message arrives as it is", variables.get("CD_MESSAGE") == MESSAGE, variables)
    check("the commit is named", variables.get("CD_COMMIT_URL", "").startswith(f"{world.places.url}/{PROJECT}/-/commit/"), variables)


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    if not binaries or not (Path(binaries) / "pipeline-servers").exists():
        print("NOT CHECKED: how images are followed; E2E_BIN_DIR names no folder of binaries")
        return report("tracking")
    project = {"project": PROJECT, "commits": [["1" * 40, "Begin"]], "files": {"env/values.yaml": VALUES}}
    tokens = {"tokens": {TOKEN: "developer"}, "job_tokens": [TRIGGER]}
    with servers.Servers(binaries, project | tokens) as places:
        world = World(binaries, places)
        follow(world)
        start(world)
    return report("tracking")


if __name__ == "__main__":
    sys.exit(main())
