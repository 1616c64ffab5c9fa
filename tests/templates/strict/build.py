"""What stands for BuildKit: Docker's own, or where no engine runs, what a Dockerfile's COPY lines come to."""

import dataclasses
import io
import json
import os
import subprocess
import tarfile
import tempfile
from pathlib import Path

import bases

# What the example's Dockerfile copies into /app.
COPIED = ("pyproject.toml", "numbers_api", "tests")


@dataclasses.dataclass
class Wanted:
    """An image to build and push."""

    context: str
    dockerfile: str
    platform: str
    name: str
    arguments: dict
    labels: dict


def with_docker(wanted: Wanted) -> int:
    """A build by the engine, with its BuildKit."""
    command = ["/usr/bin/docker", "build", "--progress", "plain", "--platform", wanted.platform, "--file", wanted.dockerfile]
    for name, value in wanted.arguments.items():
        command += ["--build-arg", f"{name}={value}"]
    for name, value in wanted.labels.items():
        command += ["--label", f"{name}={value}"]
    built = subprocess.run([*command, "--tag", wanted.name, wanted.context], env=os.environ | {"DOCKER_BUILDKIT": "1"})
    return built.returncode or subprocess.run(["/usr/bin/docker", "push", "--quiet", wanted.name]).returncode


def by_hand(wanted: Wanted, login: Path) -> int:
    """The base of that platform and a layer with what is copied."""
    base = bases.layout()
    with tempfile.TemporaryDirectory() as folder:
        layout = Path(folder)
        (layout / "blobs/sha256").mkdir(parents=True)
        for one in (base / "blobs/sha256").iterdir():
            (layout / "blobs/sha256" / one.name).symlink_to(one)
        index = described(base, json.loads((base / "index.json").read_text())["manifests"][0])
        platform = next(one for one in index["manifests"] if wanted.platform.endswith("/" + one["platform"]["architecture"]))
        manifest = described(base, platform)
        config = described(base, manifest["config"])
        layer = bases.blob(layout, copied(Path(wanted.context)), "application/vnd.oci.image.layer.v1.tar")
        config["config"] |= {"Labels": wanted.labels, "WorkingDir": "/app"}
        config["rootfs"]["diff_ids"].append(layer["digest"])
        config["history"].append({"created_by": "COPY"})
        manifest["layers"].append(layer)
        manifest["config"] = bases.blob(layout, json.dumps(config).encode(), manifest["config"]["mediaType"])
        found = bases.blob(layout, json.dumps(manifest).encode(), bases.MANIFEST)
        (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [found]}))
        (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        command = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", "--authfile", login, f"oci:{layout}"]
        return subprocess.run([*command, f"docker://{wanted.name}"]).returncode


def described(layout: Path, descriptor: dict) -> dict:
    return json.loads((layout / "blobs" / descriptor["digest"].replace(":", "/")).read_text())


def copied(context: Path) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in COPIED:
            tar.add(context / name, f"app/{name}", filter=bases.as_root)
    return out.getvalue()
