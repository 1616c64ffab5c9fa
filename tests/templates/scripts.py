"""The shell of every job, as a runner would put it together: shellcheck reads it, and our tools read their own calls; and that of
the workflows and the action for GitHub, and the calls that the crates' README files show.

Prints what is wrong, then 'scripts: N passed, N failed'. Our tools are looked for in the folder E2E_BIN_DIR.
"""

import os
import re
import shutil
import subprocess
import sys

import yaml

import gitlab

TOOLS = ("versioner", "loc-badge", "image-promote", "props", "compose-rewrite", "release", "image-track", "image-gate")
# A call of a tool of ours: where a command may stand, up to what ends it. In workflows words in messages are none.
WORDS = r'((?:%s)(?: +(?:"[^"]*"|\$\([^)]*\)|[^\s;&|)"]+))+)' % "|".join(TOOLS)
CALL = re.compile(r"(?:^|[\s;&|(])" + WORDS, re.MULTILINE)
COMMAND = re.compile(r'(?:^[ \t]*(?:\w+=(?:"[^"]*"|[^\s"])+ +)*|[;&|(] *)' + WORDS, re.MULTILINE)
FORBIDDEN = {
    r"\beval\b": "eval",
    r"\bset -[a-z]*x": "set -x prints what is secret",
    r"curl|wget": "nothing is fetched by hand",
    r"\bsh -c\b": "sh -c of variables",
    r"--password[ =]|PASSWORD\S* *\| *docker login|-p \"?\$": "a password as an argument",
    r"(?m)^exit ": "exit 0 keeps the lines away that a job puts after a referenced script",
    r":2375": "docker without TLS",
    r"docker manifest|sonar\.login": "given up by those who made it",
    r"packageManager.*\bawk\b|\bawk\b.*packageManager": "JSON is read by what reads JSON",
    r"DOCKEFILE": "a slip in a name",
    r"BUILD_ARGS.*PASSWORD|--build-arg[ =]\S*(PASSWORD|TOKEN)": "an image keeps its build arguments",
    r"\binsecure|--tls-verify=false|--skip-tls": "TLS is checked",
}
DELIVERY = ("publish", "image-release", "deploy", "gitlab-release")
# What stands for a value that is known only in a pipeline, where a tool looks at it.
SAMPLES = {"KIND": "ci", "GITHUB_REPOSITORY": "team/app", "from": "commits", "image": "registry.example.com/numbers-api/ci:8b1735cf", "REGISTRY_BACKEND": "auto", "bump": "minor", "wanted": "minor"}


def resolved(folder) -> dict:
    """Every job with all that it extends and references, whatever the event."""
    shown = gitlab.run(folder, {}, "--preview", "--json-schema-validation=true")
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


def shellcheck(title: str, commands: list, shell: str = "sh") -> str:
    # GitLab's runner stops at the first command that fails. Variables come from the pipeline, and dash and busybox know
    # what POSIX says.
    text = f"#!/bin/{shell}\nset -e\n" + "\n".join(commands) + "\n"
    path = gitlab.WORK / "scripts" / (title.replace(":", "_") + ".sh")
    path.write_text(text)
    read = subprocess.run(["dash" if shell == "sh" else shell, "-n", str(path)], capture_output=True, text=True)
    done = subprocess.run(["shellcheck", f"--shell={shell}", str(path)], capture_output=True, text=True)
    return read.stderr + done.stdout if done.returncode or read.returncode else ""


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
    """What is wrong with how the runner treats a job: what people see is neither interrupted nor repeated, caches are kept."""
    complaints = []
    if job.get("stage") in DELIVERY and name != "deploy-tools" and "trigger" not in job:
        if job.get("interruptible", False) or job.get("retry", 0) not in (0, {"max": 0}):
            complaints.append(f"{name} is interrupted or repeated: {job.get('interruptible')}, {job.get('retry')}")
    caches = job.get("cache", [])
    for cache in caches if isinstance(caches, list) else [caches]:
        complaints += [f"{name} has a cache outside of the project: {path}" for path in cache.get("paths", []) if path.startswith(("/", "~", "$HOME"))]
    return complaints


def main() -> int:
    binaries = os.environ.get("E2E_BIN_DIR", "")
    shutil.rmtree(gitlab.WORK / "scripts", ignore_errors=True)
    (gitlab.WORK / "scripts").mkdir(parents=True)
    passed, wrong, ours = 0, [], set()
    for path in [gitlab.HERE / "every-job.yml", gitlab.HERE / "profile.yml", *sorted((gitlab.HERE / "interface").glob("*.yml")), gitlab.ROOT / ".gitlab-ci.yml"]:
        pipeline = path.stem
        for name, job in resolved(gitlab.repository(path)).items():
            behaviour = conduct(name, job) if pipeline == "every-job" else []
            wrong += behaviour
            passed += not behaviour
            for title, commands in shells(name, job).items():
                if not commands:
                    continue
                complaints = [shellcheck(f"{pipeline}-{title}", commands)]
                text = "\n".join(commands)
                complaints += [f"{title}: {why}" for what, why in FORBIDDEN.items() if re.search(what, text)]
                ours |= {tuple(call) for call in calls(commands)}
                complaints = [complaint for complaint in complaints if complaint]
                wrong += complaints
                passed += not complaints
    for path in [*sorted((gitlab.ROOT / ".github/workflows").glob("*.yml")), gitlab.ROOT / "ci/github/setup/action.yml"]:
        for title, commands in steps(path).items():
            complaint = shellcheck(title, commands, "bash")
            wrong += [complaint] if complaint else []
            passed += not complaint
            ours |= {tuple(call) for call in calls(commands, COMMAND)}
    for path in sorted((gitlab.ROOT / "crates").glob("*/README.md")):
        ours |= {tuple(call) for call in calls([line[2:] for line in path.read_text().splitlines() if line.startswith("$ ")], COMMAND)}
    assert len(ours) >= 20, f"only these calls of our tools were found: {ours}"
    if binaries:
        for call in sorted(ours):
            complaint = parses(binaries, call)
            wrong += [f"{' '.join(call)}: {complaint}"] if complaint else []
            passed += not complaint
    else:
        print("NOT CHECKED: calls of our tools; E2E_BIN_DIR names no folder of binaries")
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"scripts: {passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
