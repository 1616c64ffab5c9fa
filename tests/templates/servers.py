"""What the pipeline talks to: the strict doubles of GitLab or GitHub and of Artifactory, and Debian's docker-registry, as testkit
starts them.
"""

import base64
import json
import os
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote, urlencode
from urllib.request import Request, urlopen

import bases

USER, PASSWORD = "numbers-bot", "s3cret-of-the-registry"


class Servers:
    """`url` and `api` are addresses of the double, `registry` is HOST:PORT with an account of its own, and so is
    `artifactory`, where the world has one.
    """

    def __init__(self, binaries: str, world: dict):
        self.command = [str(Path(binaries) / "pipeline-servers"), json.dumps(world | {"account": [USER, PASSWORD]})]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        places = json.loads(self.process.stdout.readline())
        self.url, self.api, self.registry = places["url"], places["api"], places["registry"]
        self.artifactory = places.get("artifactory")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def state(self, project: str) -> dict:
        """All that the double's project holds."""
        self.process.stdin.write(project + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def tag(self, project: str, name: str, sha: str, token: str) -> None:
        """What a person does on GitLab's page of tags."""
        place = f"{self.api}/projects/{quote(project, safe='')}/repository/tags"
        fields = urlencode({"tag_name": name, "ref": sha}).encode()
        with urlopen(Request(place, fields, {"PRIVATE-TOKEN": token})) as answer:
            assert answer.status == 201, answer.status

    def properties(self, path: str) -> dict:
        """Those of a file on Artifactory, as its API tells them."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        place = f"http://{self.artifactory}/artifactory/api/storage/{path}?properties"
        try:
            with urlopen(Request(place, headers={"Authorization": f"Basic {login}"})) as answer:
                return json.load(answer)["properties"]
        except HTTPError as error:
            # A file without any, and no such file.
            if error.code != 404:
                raise
            return {}

    def python(self) -> str:
        """The image of Python that the example is built on, in this registry."""
        name = f"{self.registry}/library/python:3.13"
        self.skopeo("copy", "--quiet", "--all", "--dest-tls-verify=false", "--dest-creds", f"oci:{bases.layout()}:3.13", f"docker://{name}")
        return name

    def image(self, name: str) -> dict | None:
        """The index or manifest of an image, with its digest; read by skopeo, not by us."""
        raw = self.skopeo("inspect", "--raw", "--tls-verify=false", "--creds", f"docker://{self.registry}/{name}")
        if raw is None:
            return None
        digest = bases.digest(raw)
        return json.loads(raw) | {"digest": digest}

    def config(self, name: str) -> dict:
        """The configuration of a platform's image."""
        return json.loads(self.skopeo("inspect", "--config", "--raw", "--tls-verify=false", "--creds", f"docker://{self.registry}/{name}"))

    def skopeo(self, *arguments: str) -> bytes | None:
        """Credentials go behind the option that takes them."""
        command = ["skopeo"]
        for argument in arguments:
            command += [argument, f"{USER}:{PASSWORD}"] if argument.endswith("creds") else [argument]
        asked = subprocess.run(command, capture_output=True, env=os.environ)
        if asked.returncode and b"unknown" not in asked.stderr:
            raise RuntimeError(f"{arguments}: {asked.stderr.decode()}")
        return None if asked.returncode else asked.stdout
