"""Evaluates pipelines as GitLab would, with gitlab-ci-local, in a small repository made for it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile

import yaml

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
# Each of the scripts has its own, since several run at a time.
WORK = ROOT / "target/templates" / Path(sys.argv[0]).stem
# It lives too short for threads of its own to help, and makes much that is soon forgotten.
PLACE = ROOT / "target/npm/node_modules/gitlab-ci-local/dist"
PROGRAM = ["node", "--single-threaded", "--max-semi-space-size=64", str(next(path for path in (PLACE / "quick.js", PLACE / "index.js") if path.exists()))]

# Every tool of ours.
TOOLS = sorted(path.parent.name for path in ROOT.glob("crates/*/Cargo.toml"))

# What an event does not set has to be unset: gitlab-ci-local fills it in from the repository.
FILLED_IN = ["CI_COMMIT_BRANCH"]

VALIDATED = "--json-schema-validation=true"
# What takes longer, in seconds, hangs.
LONGEST = 600


class Failed(Exception):
    """gitlab-ci-local refused a pipeline."""


def matrix() -> dict:
    """Which job has to run on which event, and the variations of it."""
    document, variations = (yaml.safe_load((HERE / name).read_text()) for name in ("matrix.yml", "variations.yml"))
    return document | {"variations": variations}


def repository(pipeline: Path, files: Path | None = None, name: str = "") -> Path:
    """A repository whose .gitlab-ci.yml is `pipeline`, with our templates, and `files` beside them."""
    folder = WORK / "repositories" / (name or pipeline.stem)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if files:
        shutil.copytree(files, folder, dirs_exist_ok=True)
    # As files of this project, and as those that `include: project: team/pypelines` would fetch.
    included = folder / ".gitlab-ci-local/includes/gitlab.example.com/team/pypelines/main"
    for place in (folder, included):
        for part in ("_base", "templates", "presets", "components"):
            shutil.copytree(ROOT / "ci" / part, place / "ci" / part)
    shutil.copytree(ROOT / "templates", included / "templates")
    shutil.copyfile(pipeline, folder / ".gitlab-ci.yml")
    (folder / ".gitignore").write_text(".gitlab-ci-local/\n")
    git = ["git", "-C", str(folder), "-c", "user.name=Test", "-c", "user.email=test@example.com"]
    dates = {"GIT_AUTHOR_DATE": "2026-01-01T00:00:00Z", "GIT_COMMITTER_DATE": "2026-01-01T00:00:00Z"}
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        ["commit", "--quiet", "--message=Begin"],
        ["remote", "add", "origin", "https://gitlab.example.com/team/numbers-api.git"],
        ["update-ref", "refs/remotes/origin/main", "HEAD"],
        ["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"],
    ):
        subprocess.run(git + command, check=True, env=os.environ | dates)
    return folder


def merge_request(branch: str) -> dict:
    """The event of a merge request out of a branch of the same project, whose id is 1."""
    return {
        "CI_COMMIT_BRANCH": None,
        "CI_COMMIT_REF_NAME": branch,
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": branch,
    }


def tag(name: str) -> dict:
    """The event of a tag."""
    return {"CI_COMMIT_BRANCH": None, "CI_COMMIT_TAG": name, "CI_COMMIT_REF_NAME": name}


def run(folder: Path, variables: dict, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    """gitlab-ci-local in `folder`; a variable that is None is not set. Warnings would go to stdout, before the data.

    The form of the templates is looked at by others, and by this where scripts.py asks for it: it takes as long as all else.
    """
    command = PROGRAM + ["--force-shell-executor", *arguments]
    if VALIDATED not in arguments:
        command.append("--json-schema-validation=false")
    for name in FILLED_IN:
        if variables.get(name, "") is None:
            command += ["--unset-variable", name]
    for name, value in variables.items():
        if value is not None:
            command += ["--variable", f"{name}={value}"]
    ours = {k: v for k, v in os.environ.items() if not k.startswith(("CI_", "GITLAB_", "GCL_"))}
    ours["GCL_IGNORE_PREDEFINED_VARS"] = ",".join(v for v in variables if v.startswith(("CI_", "GITLAB_CI")))
    # It ends before a pipe has taken more than a pipe holds; a file takes all.
    with TemporaryFile("w+") as out:
        done = subprocess.run(command, cwd=folder, env=ours | environment, stdout=out, stderr=subprocess.PIPE, text=True, timeout=LONGEST)
        out.seek(0)
        done.stdout = out.read()
    return done


def told(folder: Path, variables: dict, *arguments: str) -> str:
    """What gitlab-ci-local says of a pipeline, or Failed with its complaint."""
    done = run(folder, variables, *arguments)
    if done.returncode:
        lines = (done.stdout + done.stderr).splitlines()
        raise Failed("\n".join(line for line in lines if not line.startswith("    at ")).strip())
    return done.stdout


def jobs(folder: Path, variables: dict, *arguments: str) -> dict:
    """The jobs of the pipeline of an event, by name."""
    listed = told(folder, variables, "--list-json", *arguments)
    everything = json.loads(listed[listed.index("[") :])
    return {job["name"]: job for job in everything if job["when"] != "never"}


def dependencies(folder: Path, variables: dict) -> str:
    """What gitlab-ci-local's check of needs complains of; nothing when it is content, or a person has yet to start a job."""
    checked = run(folder, variables, "--validate-dependency-chain")
    said = checked.stdout + checked.stderr
    return said if checked.returncode and "is when:manual, its needed by" not in said else ""
