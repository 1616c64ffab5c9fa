"""What stands for the actions of others in github.py. Each knows the inputs that our workflows hand over, and refuses others."""

import base64
import json
import os
import shutil
import subprocess
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


class Failed(Exception):
    """The action would have failed."""


def checkout(job, ref="", path="", fetch_depth="1", persist_credentials="true", **refused):
    """A clone of the repository at the commit of the event; without credentials, as all of ours have it."""
    known(refused)
    if persist_credentials != "false":
        raise Failed("the token would stay in the working copy")
    into = job.workspace / path
    depth = [] if fetch_depth == "0" else ["--depth", fetch_depth, "--no-tags"]
    git("-c", "protocol.file.allow=always", "init", "--quiet", "--initial-branch=main", into)
    remote = f"file://{job.event.origin}"
    git("-C", into, "remote", "add", "origin", remote)
    refs = ["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"] if fetch_depth == "0" else []
    git("-C", into, "fetch", "--quiet", *depth, "origin", ref or job.event.sha, *refs)
    # Only on a branch a working copy has a name.
    named = ["-B", job.event.ref_name] if job.event.ref.startswith("refs/heads/") else ["--detach"]
    git("-C", into, "checkout", "--quiet", *named, job.event.sha)
    git("-C", into, "config", "user.name", "Test")
    git("-C", into, "config", "user.email", "test@example.com")


def git(*arguments) -> None:
    """As the action has it: a folder of anybody's will do for its own calls, and that ends with it."""
    subprocess.run(["git", "-c", "safe.directory=*", *map(str, arguments)], check=True, capture_output=True, env=os.environ | GIT)


def cached(job, path: str) -> Path:
    return Path(path) if Path(path).is_absolute() else job.workspace / path


def cache_restore(job, path, key, restore_keys="", **refused):
    known(refused)
    kept = job.runner.folder / "caches"
    names = sorted(one.name for one in kept.iterdir()) if kept.exists() else []
    for name in [key, *(name for prefix in restore_keys.split() for name in names if name.startswith(prefix))]:
        if name in names:
            shutil.copytree(kept / name, cached(job, path), dirs_exist_ok=True)
            return {"cache-hit": "true" if name == key else "false"}
    return {"cache-hit": ""}


def cache_save(job, path, key, **refused):
    known(refused)
    into = job.runner.folder / "caches" / key
    if not into.exists():
        shutil.copytree(cached(job, path), into)


def cache(job, path, key, restore_keys=""):
    """Saving is left to whoever asks; nothing of ours depends on it."""
    return cache_restore(job, path, key, restore_keys)


def upload(job, name, path, if_no_files_found="warn", **refused):
    known(refused)
    found = cached(job, path)
    if not found.exists():
        if if_no_files_found == "error":
            raise Failed(f"there is no {path}")
        return
    into = job.runner.folder / "artifacts" / name
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    shutil.copytree(found, into, dirs_exist_ok=True) if found.is_dir() else shutil.copy(found, into)


def upload_pages(job, path, **refused):
    known(refused)
    upload(job, "github-pages", path, "error")


def deploy_pages(job, **refused):
    known(refused)
    if not (job.runner.folder / "artifacts/github-pages/index.html").is_file():
        raise Failed("there is no page")
    return {"page_url": "https://team.github.io/app/"}


def download(job, name, path, **refused):
    known(refused)
    kept = job.runner.folder / "artifacts" / name
    if not kept.exists():
        raise Failed(f"there is no artifact {name}")
    shutil.copytree(kept, cached(job, path), dirs_exist_ok=True)


def login(job, registry, username, password, **refused):
    """As docker has it, the registry is asked. That of GitHub is not here, and takes the workflow's token, which nobody else gets."""
    known(refused)
    if not username or not password:
        raise Failed("Username and password required")
    if (registry == "ghcr.io") != (password == job.runner.secrets["GITHUB_TOKEN"]):
        raise Failed(f"this password is not one for {registry}")
    file = job.home / ".docker/config.json"
    file.parent.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{username}:{password}".encode()).decode()
    if registry != "ghcr.io":
        try:
            urlopen(Request(f"http://{registry}/v2/", headers={"Authorization": f"Basic {auth}"})).close()
        except HTTPError as error:
            raise Failed(f"{registry} refuses the login: {error}") from error
    before = json.loads(file.read_text()) if file.exists() else {"auths": {}}
    before["auths"][registry] = {"auth": auth}
    file.write_text(json.dumps(before))


def trivy(job, image_ref, severity, exit_code, **refused):
    """It would not have found anything; that there is such an image, by its digest, is looked at."""
    known(refused)
    name, _, digest = image_ref.partition("@")
    command = ["skopeo", "inspect", "--tls-verify=false", "--authfile", job.home / ".docker/config.json", f"docker://{name}@{digest}"]
    if not digest or subprocess.run(command, capture_output=True).returncode:
        raise Failed(f"there is no image {image_ref}")
    job.log += f"scanned {image_ref} for {severity}, {exit_code}\n"


def attest(job, subject_checksums, **refused):
    known(refused)
    lines = (job.workspace / subject_checksums).read_text().splitlines()
    if not lines or any(len(line.split()) != 2 for line in lines):
        raise Failed(f"{subject_checksums} are no checksums")


def nothing(job, **refused):
    known(refused)


def known(refused: dict) -> None:
    if refused:
        raise Failed(f"what is {refused}?")


ACTIONS = {
    "actions/checkout": checkout,
    "actions/cache": cache,
    "actions/cache/restore": cache_restore,
    "actions/cache/save": cache_save,
    "actions/upload-artifact": upload,
    "actions/download-artifact": download,
    "actions/attest-build-provenance": attest,
    "actions/deploy-pages": deploy_pages,
    "actions/upload-pages-artifact": upload_pages,
    "aquasecurity/trivy-action": trivy,
    "docker/login-action": login,
    "docker/setup-buildx-action": nothing,
    "docker/setup-qemu-action": nothing,
}


def run(name: str, inputs: dict, job) -> dict | None:
    if name not in ACTIONS:
        raise Failed(f"nothing stands for {name} here")
    return ACTIONS[name](job, **{key.replace("-", "_"): value for key, value in inputs.items()})
