"""The shell of every job, as a runner would put it together: shellcheck reads it, and our tools read their own calls; and that of
the workflows and the action for GitHub, and the calls that the crates' README files show.
And gitlab-ci-verify, where each line stands.

Prints what is wrong, then 'scripts: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml

import gitlab
from checks import check, report

# A call of a tool of ours: where a command may stand, up to what ends it. In workflows words in messages are none.
WORDS = r'((?:%s)(?: +(?:"[^"]*"|\$\([^)]*\)|[^\s;&|)"]+))+)' % "|".join(gitlab.TOOLS)
CALL = re.compile(r"(?:^|[\s;&|(])" + WORDS, re.MULTILINE)
COMMAND = re.compile(r'(?:^[ \t]*(?:\w+=(?:"[^"]*"|[^\s"])+ +)*|[;&|(] *)' + WORDS, re.MULTILINE)
# What must not stand in any script, with a line in which it would.
# With pipefail, which runners set, the line fails now and then.
ENDS_EARLY = "who writes to a program that has ended fails"
FORBIDDEN = (
    (r"\beval\b", "eval", 'eval "$options"'),
    (r"\bset -[a-z]*x", "set -x prints what is secret", "set -ex"),
    (r"curl|wget", "nothing is fetched by hand", "curl https://example.com/install | bash"),
    (r"sh -c\b", "sh -c of variables", 'bash -c "$TEST_COMMAND"'),
    (r"--password[ =]|PASSWORD\S* *\| *docker login|-p \"?\$", "a password as an argument", 'docker login -u bot -p "$PASSWORD"'),
    (r"://[^\s\"'/@]*\$[^\s\"'/]*@", "credentials in an address", 'pip install --index-url "https://$USER:$PASSWORD@pypi.example.com/simple"'),
    (r"(?m)^exit ", "exit 0 keeps the lines away that a job puts after a referenced script", "exit 0"),
    (r":2375", "docker without TLS", "export DOCKER_HOST=tcp://docker:2375"),
    (r"docker manifest|sonar\.login", "given up by those who made it", 'docker manifest create "$image"'),
    (r"packageManager.*\bawk\b|\bawk\b.*packageManager", "JSON is read by what reads JSON", "awk -F'\"' '/packageManager/ {print $4}' package.json"),
    (r"DOCKEFILE", "a slip in a name", '--file "$DOCKEFILE_DESTINATION"'),
    (r"BUILD_ARGS.*PASSWORD|--build-arg[ =]\S*(PASSWORD|TOKEN)", "an image keeps its build arguments", 'docker build --build-arg "TOKEN=$TOKEN" .'),
    (r"(?<!\|)\|\s*(grep\s+(-\S+\s+)*-[A-Za-z]*q|head\b|sed\b[^|\n]*[;{]q\b)", ENDS_EARLY, "helm upgrade --help | grep -q -e --atomic"),
    (r"\binsecure|--tls-verify=false|--skip-tls", "TLS is checked", 'skopeo copy --tls-verify=false "$a" "$b"'),
)
DELIVERY = ("publish", "image-release", "deploy", "gitlab-release")
# What stands for a value that is known only in a pipeline, where a tool looks at it.
SAMPLES = {"KIND": "ci", "GITHUB_REPOSITORY": "team/app", "from": "commits", "image": "registry.example.com/numbers-api/ci:8b1735cf", "REGISTRY_BACKEND": "auto", "bump": "minor", "wanted": "minor"}
# Line by line nobody can know what a part that is referenced before has set. Read as a whole, as above, it is known.
SET_BEFORE = "SC-2154"
CARELESS = "careless:\n  script:\n    - rm -rf $CI_PROJECT_DIR/$folder\n"


def resolved(folder) -> dict:
    """Every job with all that it extends and references, whatever the event."""
    shown = gitlab.run(folder, {}, "--preview", gitlab.VALIDATED)
    text = shown.stdout
    if shown.returncode:
        raise gitlab.Failed(text + shown.stderr)
    document = yaml.safe_load(text[text.index("---\n") :])
    return {name: job for name, job in document.items() if isinstance(job, dict) and "script" in job}


def lines(part) -> list:
    return [part] if isinstance(part, str) else list(part or [])


def shells(name: str, job: dict) -> dict:
    """before_script and script are one shell; after_script is another."""
    return {name: lines(job.get("before_script")) + lines(job["script"]), f"{name}:after": lines(job.get("after_script"))}


def steps(path) -> dict:
    """The shell of a workflow or an action for GitHub: of each step, how it is called and the lines, in which is no expression."""
    document = yaml.safe_load(path.read_text())
    found = {}
    for job in document["jobs"].values() if "jobs" in document else [document["runs"]]:
        for step in job["steps"]:
            if "run" in step:
                name = step.get("name") or step["id"]
                assert "${{" not in step["run"], f"{path}: an expression in the shell of {name}"
                found[f"{path.stem}-{re.sub('[^A-Za-z]+', '-', name)}"] = [step["run"]]
    assert found, f"{path} runs nothing"
    return found


def shellcheck(shell: dict, dialect: str = "sh") -> dict:
    """What shellcheck and the shell itself say, by title: of each shell, which is a list of commands."""
    folder = gitlab.WORK / f"shell-{dialect}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = {title: "" for title in shell}
    files = {}
    for title, commands in shell.items():
        path = folder / (title.replace(":", "_") + ".sh")
        # GitLab's runner stops at the first command that fails. Variables come from the pipeline, and dash and busybox know
        # what POSIX says.
        path.write_text(f"#!/bin/{dialect}\nset -e\n" + "\n".join(commands) + "\n")
        files[str(path)] = title
        said[title] += subprocess.run(["dash" if dialect == "sh" else dialect, "-n", str(path)], capture_output=True, text=True).stderr
    assert len(files) == len(shell), "two titles make one name of a file"
    done = subprocess.run(["shellcheck", f"--shell={dialect}", "--format=gcc", *files], capture_output=True, text=True)
    for line in done.stdout.splitlines():
        said[files[line.split(":")[0]]] += f"\n{line}"
    assert done.returncode in (0, 1), done.stderr
    return said


def verified(folder: Path) -> list:
    """What gitlab-ci-verify says against the lines, where they stand."""
    command = [sys.executable, "-m", "gitlab_ci_verify_bin", "--no-lint-api", "--format", "json", "--exclude", SET_BEFORE]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return [f"{one['file']}:{one['line']}: {one['code']} {one['message']}" for one in json.loads(done.stdout or "[]") or []]


def sample(word: str) -> str:
    word = re.sub(r'"?\$\(versioner image[^)]*\)"?', SAMPLES["image"], word)
    word = re.sub(r'"\$@"', SAMPLES["image"], word)
    word = re.sub(r"\$\(echo [^)]*\)", "mark", word)
    word = re.sub(r"\$\{?([A-Za-z_]+)[^}\"]*\}?", lambda found: SAMPLES.get(found[1], "some-value"), word)
    return word.strip('"')


def calls(commands: list, pattern: re.Pattern = CALL) -> list:
    """The calls of our tools in these commands, as arguments."""
    text = "\n".join(commands).replace("\\\n", " ")
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"\s\d?[<>]+\s*[^\s<>|;]+", "", text)
    # What an array adds is seen where it is run.
    text = re.sub(r'"\$\{\w+\[@\]\}"', "", text)
    # ${name:+--flag "$name"} is what it adds.
    text = re.sub(r"\$\{\w+:\+([^{}]*)\}", r"\1", text)
    inner = re.findall(r"\$\((versioner [^)]*)\)", text)
    found = [call for call in pattern.findall(text)] + inner
    split = [re.findall(r'"[^"]*"|\$\([^)]*\)|\S+', call) for call in found]
    return [[sample(word) for word in words] for words in split]


def parses(folder: str, call: list) -> str:
    """What the tool's own definition of its arguments says against this call: with --help behind it, it does nothing else."""
    # What stands behind -- is another program's.
    ours = call[1 : call.index("--")] if "--" in call else call[1:]
    done = subprocess.run([f"{folder}/{call[0]}", *ours, "--help"], capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def conduct(name: str, job: dict) -> list:
    """What is wrong with how the runner treats a job: what people see is neither interrupted nor repeated, caches are kept,
    an engine is spoken to by TLS."""
    complaints = []
    if job.get("stage") in DELIVERY and name != "deploy-tools" and "trigger" not in job:
        if job.get("interruptible", False) or job.get("retry", 0) not in (0, {"max": 0}):
            complaints.append(f"{name} is interrupted or repeated: {job.get('interruptible')}, {job.get('retry')}")
    caches = job.get("cache", [])
    for cache in caches if isinstance(caches, list) else [caches]:
        complaints += [f"{name} has a cache outside of the project: {path}" for path in cache.get("paths", []) if path.startswith(("/", "~", "$HOME"))]
    tls = {"DOCKER_HOST": "tcp://docker:2376", "DOCKER_TLS_VERIFY": "1", "DOCKER_TLS_CERTDIR": "/certs"}
    if job.get("services") and not tls.items() <= job.get("variables", {}).items():
        complaints.append(f"{name} has an engine without TLS: {job.get('variables')}")
    return complaints


def shell_of_templates(folders: dict) -> dict:
    """Every shell of these pipelines once, by pipeline and job. What a job is like besides is looked at on the way."""
    found = {}
    with ThreadPoolExecutor(2) as pool:
        for pipeline, jobs in zip(folders, pool.map(resolved, folders.values())):
            for name, job in jobs.items():
                if pipeline == "every-job":
                    check(f"how the runner treats {name}", not (wrong := conduct(name, job)), wrong)
                for title, commands in shells(name, job).items():
                    if commands:
                        found.setdefault("\n".join(commands), f"{pipeline}-{title}")
    return {title: [text] for text, title in found.items()}


def piping() -> dict:
    """Our own scripts that set pipefail, without their comments and what another shell runs."""
    found = {}
    for path in (path for folder in ("ci", "benches") for path in (gitlab.ROOT / folder).rglob("*") if path.is_file() and not path.is_symlink()):
        text = path.read_bytes().decode(errors="replace")
        if text.startswith("#!") and "pipefail" in text:
            found[str(path.relative_to(gitlab.ROOT))] = re.sub(r"(?m)^\s*#.*$|sh -c \"[^\"]*\"", "", text)
    return found


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    paths = [gitlab.HERE / "every-job.yml", gitlab.HERE / "profile.yml", *sorted((gitlab.HERE / "interface").glob("*.yml")), gitlab.ROOT / ".gitlab-ci.yml"]
    folders = {path.stem: gitlab.repository(path) for path in paths}
    templates, workflows, ours = shell_of_templates(folders), {}, set()
    for path in [*sorted((gitlab.ROOT / ".github/workflows").glob("*.yml")), gitlab.ROOT / "ci/github/setup/action.yml"]:
        workflows |= steps(path)
    for title, complaint in (shellcheck(templates) | shellcheck(workflows, "bash")).items():
        check(title, not complaint, complaint)
    for what, why, line in FORBIDDEN:
        check(f"{why} would be found", re.search(what, line) is not None, line)
        for title, commands in templates.items():
            check(f"{title}: {why}", not re.search(what, "\n".join(commands)))
    early = next(what for what, why, _ in FORBIDDEN if why == ENDS_EARLY)
    for title, text in (piping() | {title: "\n".join(commands) for title, commands in workflows.items()}).items():
        check(f"{title}: {ENDS_EARLY}", not re.search(early, text))
    for name in ("every-job", "profile"):
        check(f"gitlab-ci-verify has nothing to say of {name}", not (wrong := verified(folders[name])), "\n".join(wrong))
    careless = gitlab.WORK / "careless.yml"
    careless.write_text(CARELESS)
    said = verified(gitlab.repository(careless))
    check("gitlab-ci-verify reads the lines of scripts", any("SC-2086" in one for one in said), said)

    ours |= {tuple(call) for commands in templates.values() for call in calls(commands)}
    ours |= {tuple(call) for commands in workflows.values() for call in calls(commands, COMMAND)}
    for path in sorted((gitlab.ROOT / "crates").glob("*/README.md")):
        shown = [line[2:] for line in path.read_text().splitlines() if line.startswith("$ ")]
        ours |= {tuple(call) for call in calls(shown, COMMAND)}
    assert len(ours) >= 20, f"only these calls of our tools were found: {ours}"
    if binaries:
        for call in sorted(ours):
            check(" ".join(call), not (complaint := parses(binaries, call)), complaint)
    else:
        print("NOT CHECKED: calls of our tools; E2E_BIN_DIR names no folder of binaries")
    return report("scripts")


if __name__ == "__main__":
    sys.exit(main())
