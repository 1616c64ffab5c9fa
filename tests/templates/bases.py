"""Images to build on where no public registry can be reached: Python and busybox, made of Debian's packages."""

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
from pathlib import Path

import gitlab

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
WHEELS = gitlab.ROOT / "target/wheels"
# What the example's Dockerfile installs.
PACKAGES = ["pytest==9.2.0", "pytest-cov==7.1.0"]
# Nothing reads these in a container.
LEFT_OUT = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/zoneinfo", "usr/share/perl5", "usr/share/info", "var")


def python(architecture: str) -> Path:
    """The root file system of Debian's stable Python with pip, as a tar file; pip finds its packages in /wheels."""
    archive = gitlab.ROOT / f"target/python-{architecture}.tar"
    if archive.exists():
        return archive
    folder = gitlab.ROOT / f"target/python-{architecture}"
    environment = os.environ | {"SUITE": "stable", "ARCHITECTURE": architecture}
    subprocess.run([gitlab.ROOT / "benches/sid", folder, "python3-pip", "busybox-static"], check=True, env=environment)
    root = folder / "root"
    if not (root / "usr/bin/python3").is_symlink():
        raise RuntimeError(f"Debian's Python for {architecture} cannot be had: there is no network, or no Debian here")
    for place in LEFT_OUT:
        shutil.rmtree(root / place, ignore_errors=True)
    for name in ("bin", "lib", "lib64", "sbin"):
        link(root / name, f"usr/{name}")
    for name, target in (("python", "python3"), ("sh", "busybox"), ("mkdir", "busybox")):
        link(root / "usr/bin" / name, target)
    for name in ("tmp", "srv", "root"):
        (root / name).mkdir(exist_ok=True)
    (root / "tmp").chmod(0o1777)
    # What the package's installation would put together.
    authorities = sorted((root / "usr/share/ca-certificates/mozilla").iterdir())
    (root / "etc/ssl/certs").mkdir(parents=True, exist_ok=True)
    (root / "etc/ssl/certs/ca-certificates.crt").write_bytes(b"".join(part.read_bytes() for part in authorities))
    (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
    shutil.copytree(wheels(), root / "wheels", dirs_exist_ok=True)
    part = archive.with_suffix(".part")
    with tarfile.open(part, "w") as tar:
        tar.add(root, ".", filter=as_root)
    part.rename(archive)
    shutil.rmtree(folder)
    return archive


def wheels() -> Path:
    """The packages, in Python alone, as a folder."""
    if not WHEELS.exists():
        part = WHEELS.with_suffix(".part")
        pip = [gitlab.ROOT / "target/venv/bin/pip", "download", "--quiet", "--disable-pip-version-check", "--dest", part]
        subprocess.run([*pip, "--platform", "any", "--only-binary", ":all:", "--python-version", "3.13", *PACKAGES], check=True)
        part.rename(WHEELS)
    return WHEELS


def layout() -> Path:
    """An OCI image layout with Python for amd64 and arm64 under the tag 3.13."""
    folder = gitlab.ROOT / "target/python-base"
    if folder.exists():
        return folder
    part = folder.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    (part / "blobs/sha256").mkdir(parents=True)
    platforms = [platform(part, architecture) for architecture in ("amd64", "arm64")]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": platforms}
    tagged = blob(part, json.dumps(index).encode(), INDEX) | {"annotations": {"org.opencontainers.image.ref.name": "3.13"}}
    (part / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [tagged]}))
    (part / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    part.rename(folder)
    return folder


def platform(layout_folder: Path, architecture: str) -> dict:
    """The image of a platform, as an index lists it."""
    archive = python(architecture)
    layer = blob(layout_folder, archive.read_bytes(), "application/vnd.oci.image.layer.v1.tar")
    environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "PIP_NO_INDEX=1", "PIP_FIND_LINKS=/wheels"]
    config = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Env": environment, "Cmd": ["python"]},
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        "history": [{"created_by": "Debian"}],
    }
    described = blob(layout_folder, json.dumps(config).encode(), "application/vnd.oci.image.config.v1+json")
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [layer]}
    found = blob(layout_folder, json.dumps(manifest).encode(), MANIFEST)
    return found | {"platform": {"os": "linux", "architecture": architecture}}


def blob(layout_folder: Path, content: bytes, media_type: str) -> dict:
    found = digest(content)
    (layout_folder / "blobs" / found.replace(":", "/")).write_bytes(content)
    return {"mediaType": media_type, "digest": found, "size": len(content)}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def link(path: Path, target: str) -> None:
    if not path.exists() and not path.is_symlink():
        path.symlink_to(target)


def as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    member.mtime = 0
    return member
