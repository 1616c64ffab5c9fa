"""Runs workflows for GitHub on this machine: expressions, `run` in bash, our own action; and what stands for the actions of others.

What it does not know it refuses, so that nothing is passed over in silence. It knows no matrices and services, and of a container
whose is what in it: a step is root there, and the folder of the working copy is the runner's, so that git refuses it.
"""

import dataclasses
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

import gitlab
import others

TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>\d+)|(?P<name>[A-Za-z_][\w.-]*)|(?P<sign>\|\||&&|==|!=|[!(),]))")
STEP = {"name", "id", "if", "uses", "with", "run", "env", "shell"}
JOB = {"name", "runs-on", "needs", "if", "permissions", "env", "outputs", "steps", "concurrency", "timeout-minutes", "container", "environment"}
# The runner's user on GitHub's machines.
RUNNER = 1001


class Refused(Exception):
    """A workflow asks for what GitHub would refuse, or this program does not know."""


class Expression:
    """An expression (https://docs.github.com/en/actions/reference/workflows-and-actions/expressions) and what it comes to."""

    def __init__(self, text: str, contexts: dict, failed: bool):
        self.contexts, self.failed, self.words, at = contexts, failed, [], 0
        while at < len(text.rstrip()):
            found = TOKEN.match(text, at)
            if not found:
                raise Refused(f"{text!r} is no expression, from {text[at:]!r} on")
            self.words.append((found.lastgroup, found[found.lastgroup]))
            at = found.end()
        self.value = self.either()
        if self.words:
            raise Refused(f"{text!r}: what is {self.words[0]}?")

    def next_is(self, *signs: str) -> str:
        return self.words.pop(0)[1] if self.words and self.words[0][0] == "sign" and self.words[0][1] in signs else ""

    def either(self):
        value = self.both()
        while self.next_is("||"):
            other = self.both()
            value = value or other
        return value

    def both(self):
        value = self.compared()
        while self.next_is("&&"):
            other = self.compared()
            value = value and other
        return value

    def compared(self):
        value = self.single()
        while sign := self.next_is("==", "!="):
            value = (written(value) == written(self.single())) == (sign == "==")
        return value

    def single(self):
        if self.next_is("!"):
            return not self.single()
        if self.next_is("("):
            value = self.either()
            self.next_is(")")
            return value
        kind, word = self.words.pop(0)
        if kind == "text":
            return word[1:-1].replace("''", "'")
        if kind == "number":
            return int(word)
        if kind == "name" and self.next_is("("):
            arguments = []
            while not self.next_is(")"):
                arguments.append(self.either())
                self.next_is(",")
            return self.called(word, arguments)
        if word in ("true", "false"):
            return word == "true"
        return self.named(word)

    def called(self, name: str, arguments: list):
        known = {
            "always": lambda: True,
            "success": lambda: not self.failed,
            "failure": lambda: self.failed,
            "format": lambda form, *values: form.format(*values),
        }
        if name not in known:
            raise Refused(f"there is no function {name} here")
        return known[name](*arguments)

    def named(self, path: str):
        first, *rest = path.split(".")
        if first not in self.contexts:
            raise Refused(f"there is no {first} in {path}")
        value = self.contexts[first]
        for name in rest:
            value = (value or {}).get(name)
        return value


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def filled(text: object, contexts: dict, failed: bool = False) -> str:
    """A value of a workflow, with its expressions as what they come to."""
    if not isinstance(text, str):
        return written(text)
    return re.sub(r"\$\{\{(.*?)\}\}", lambda found: written(Expression(found[1], contexts, failed).value), text)


def assigned(path: Path) -> dict:
    """What a step has written: NAME=value, or NAME<<END and lines."""
    values, lines = {}, iter(path.read_text().splitlines())
    for line in lines:
        name, sign, value = re.match(r"([\w-]+)(=|<<)(.*)", line).groups()
        if sign == "<<":
            block = []
            while (line := next(lines)) != value:
                block.append(line)
            value = "\n".join(block)
        values[name] = value
    return values


@dataclasses.dataclass
class Event:
    """Why a workflow runs, and where."""

    origin: Path
    sha: str
    ref_name: str
    ref_type: str = "branch"
    name: str = "push"
    head_ref: str = ""
    repository: str = "team/numbers-api"
    server: str = "https://github.com"
    api: str = "https://api.github.invalid"
    payload: dict = dataclasses.field(default_factory=dict)

    @property
    def ref(self) -> str:
        kind = "pull" if self.name == "pull_request" else {"branch": "heads", "tag": "tags"}[self.ref_type]
        return f"refs/{kind}/{self.ref_name}"

    def contexts(self) -> dict:
        return {
            "event_name": self.name,
            "event": self.payload,
            "ref": self.ref,
            "ref_name": self.ref_name,
            "ref_type": self.ref_type,
            "head_ref": self.head_ref,
            "sha": self.sha,
            "repository": self.repository,
            "server_url": self.server,
            "api_url": self.api,
            "actor": "somebody",
            "run_id": "7",
        }


@dataclasses.dataclass
class Ran:
    """How a workflow ended."""

    passed: bool
    outputs: dict
    log: str
    summary: str


class Runner:
    """A machine of GitHub's. `folder` keeps caches and artifacts from one run to the next; `jobs` counts."""

    def __init__(self, folder: Path, environment: dict, secrets: dict, variables: dict | None = None):
        self.folder, self.environment, self.secrets, self.vars = folder, environment, secrets, variables or {}
        self.count = 0

    def run(self, path: str, event: Event, inputs: dict | None = None, only: tuple = ()) -> Ran:
        """A workflow of ours, called with these inputs, or started by the event; `only` are the jobs that are run."""
        workflow, call, contexts = self.called(path, event, inputs or {})
        results, logs, summaries = {}, [], []
        for name, job in workflow["jobs"].items():
            if only and name not in only:
                continue
            if set(job) - JOB:
                raise Refused(f"{path}: {name} has {set(job) - JOB}")
            running = Job(self, event, workflow, job, contexts | {"needs": results})
            needed = job.get("needs") or []
            needed = [results[one]["result"] for one in ([needed] if isinstance(needed, str) else needed) if one in results]
            result = running.run() if set(needed) <= {"success"} else "skipped"
            outputs = {key: filled(value, running.contexts) for key, value in (job.get("outputs") or {}).items()}
            results[name] = {"result": result, "outputs": outputs}
            logs.append(running.log)
            summaries.append(running.summary)
        passed = "failure" not in [one["result"] for one in results.values()]
        outputs = {key: filled(one["value"], {"jobs": results}) for key, one in (call.get("outputs") or {}).items()} if passed else {}
        return Ran(passed, outputs, "".join(logs), "".join(summaries))

    def called(self, path: str, event: Event, inputs: dict) -> tuple:
        """A workflow, how it can be called, and what its expressions find."""
        workflow = yaml.safe_load((gitlab.ROOT / path).read_text())
        call = (workflow["on"].get("workflow_call") or {}) if isinstance(workflow["on"], dict) else {}
        contexts = {
            "github": event.contexts() | {"token": self.secrets["GITHUB_TOKEN"]},
            "inputs": given(call.get("inputs") or {}, inputs),
            "secrets": {name: value for name, value in self.secrets.items() if name in (call.get("secrets") or {}) or name == "GITHUB_TOKEN"},
            "vars": self.vars,
        }
        return workflow, call, contexts

    def variables(self, path: str, name: str, event: Event, inputs: dict) -> dict:
        """What the steps of a job find in their environment."""
        workflow, _, contexts = self.called(path, event, inputs)
        return Job(self, event, workflow, workflow["jobs"][name], contexts | {"needs": {}}).contexts["env"]

    def alone(self, event: Event, job: dict, **more: str) -> Ran:
        """A job of no workflow, that takes nothing; its outputs are those of the step `setup`, if there is one."""
        contexts = {"github": event.contexts() | {"token": self.secrets["GITHUB_TOKEN"]}, "inputs": {}, "secrets": {}, "vars": {}, "needs": {}}
        running = Job(self, event, {}, job, contexts | more)
        passed = running.run() == "success"
        return Ran(passed, running.contexts["steps"].get("setup", {}).get("outputs", {}), running.log, running.summary)

    def action(self, event: Event, inputs: dict, repository: str = "team/pypelines") -> Ran:
        """Our action, of this repository, as the one step of a job; and a step that calls a tool."""
        step = {"uses": "$/ci/github/setup", "id": "setup", "with": inputs}
        return self.alone(event, {"steps": [step, {"run": "ls \"$(dirname \"$(command -v props)\")\"; props --version"}]}, home=repository)


def given(known: dict, inputs: dict) -> dict:
    if set(inputs) - set(known):
        raise Refused(f"there is no input {set(inputs) - set(known)}")
    missing = [name for name, one in known.items() if one.get("required") and name not in inputs]
    if missing:
        raise Refused(f"{missing} have to be given")
    return {name: inputs.get(name, one.get("default", "")) for name, one in known.items()}


class Job:
    """One job: a working copy, a home and a temporary folder of its own."""

    def __init__(self, runner: Runner, event: Event, workflow: dict, job: dict, contexts: dict):
        runner.count += 1
        self.runner, self.event, self.job = runner, event, job
        self.place = runner.folder / f"job-{runner.count}"
        shutil.rmtree(self.place, ignore_errors=True)
        # The same in each job, so that a cache goes back to where it was.
        self.workspace, self.temp, self.home = (self.place / name for name in ("work", "temp", "home"))
        for folder in (self.workspace, self.temp, self.home):
            folder.mkdir(parents=True)
        if container := job.get("container"):
            if set(container) - {"image", "options"} or container.get("options", "--privileged") != "--privileged":
                raise Refused(f"what is {container}?")
            if os.geteuid() == 0:
                os.chown(self.workspace, RUNNER, RUNNER)
        self.log, self.summary, self.failed, self.path = "", "", False, []
        self.shell = ((workflow.get("defaults") or {}).get("run") or {}).get("shell", "")
        self.contexts = contexts | {"steps": {}, "runner": {"temp": str(self.temp), "os": "Linux"}, "job": {}}
        self.contexts["github"] = contexts["github"] | {"workspace": str(self.workspace)}
        self.contexts["env"] = {}
        for level in (workflow, job):
            self.contexts["env"] = self.contexts["env"] | self.values(level.get("env") or {}, self.contexts)

    def values(self, texts: dict, contexts: dict) -> dict:
        return {name: filled(text, contexts, self.failed) for name, text in texts.items()}

    def run(self) -> str:
        """Its result, in GitHub's words."""
        condition = self.job.get("if")
        if condition is not None and not self.holds(condition, self.contexts):
            return "skipped"
        for step in self.job["steps"]:
            self.step(step, self.contexts, {})
        return "failure" if self.failed else "success"

    def holds(self, condition: str, contexts: dict) -> bool:
        text = str(condition).removeprefix("${{").removesuffix("}}")
        value = Expression(text, contexts, self.failed).value
        # Unless it asks for the status itself, it is asked for success.
        return bool(value) and (not self.failed or re.search(r"\b(always|failure)\(", text) is not None)

    def step(self, step: dict, contexts: dict, more: dict) -> None:
        if set(step) - STEP:
            raise Refused(f"a step has {set(step) - STEP}")
        if not self.holds(step.get("if", "success()"), contexts):
            return
        contexts = contexts | {"env": contexts["env"] | self.values(step.get("env") or {}, contexts)}
        self.log += f"== {step.get('name') or step.get('uses') or step['run']}\n"
        outputs = {}
        if "run" in step:
            outputs = self.shell_of(step, contexts, more)
        else:
            with_ = self.values(step.get("with") or {}, contexts)
            uses = step["uses"]
            if uses.startswith("$/"):
                outputs = self.ours(gitlab.ROOT / uses[2:], with_, contexts)
            elif re.fullmatch(r"[\w-]+/[\w./-]+@[0-9a-f]{40}", uses):
                try:
                    outputs = others.run(uses.split("@")[0], with_, self) or {}
                except others.Failed as failed:
                    self.failed, self.log = True, self.log + f"{failed}\n"
            else:
                raise Refused(f"{uses} is no action of ours, and not pinned")
        if "id" in step:
            contexts["steps"][step["id"]] = {"outputs": outputs}

    def ours(self, folder: Path, inputs: dict, outer: dict) -> dict:
        action = yaml.safe_load((folder / "action.yml").read_text())
        # As GitHub has it: what is around an action is none of its business.
        inner = {name: outer[name] for name in ("github", "runner", "job", "env")}
        inner |= {"inputs": given(action["inputs"], inputs), "steps": {}}
        inner["github"] = inner["github"] | {"action_repository": outer.get("home", "team/pypelines"), "action_path": str(folder)}
        for step in action["runs"]["steps"]:
            if "run" in step and "shell" not in step:
                raise Refused("a step of an action has no shell")
            self.step(step, inner, {"GITHUB_ACTION_PATH": str(folder)})
        return {name: filled(one["value"], inner) for name, one in action["outputs"].items()}

    def shell_of(self, step: dict, contexts: dict, more: dict) -> dict:
        if "${{" in step["run"]:
            raise Refused(f"an expression in the shell of {step.get('name')}")
        script = self.temp / "step.sh"
        script.write_text(step["run"])
        files = {name: self.temp / f"step-{name.lower()}" for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_text("")
        github = {f"GITHUB_{name.upper()}": written(value) for name, value in self.event.contexts().items() if isinstance(value, str)}
        environment = {
            **self.runner.environment,
            **github,
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
            "HOME": str(self.home),
            **contexts["env"],
            **more,
            **{name: str(file) for name, file in files.items()},
        }
        environment["PATH"] = ":".join([*reversed(self.path), environment["PATH"]])
        strict = (step.get("shell") or self.shell) == "bash"
        options = ["--noprofile", "--norc", "-e", "-o", "pipefail"] if strict else ["-e"]
        done = subprocess.run(["bash", *options, script], cwd=self.workspace, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.log += done.stdout + done.stderr
        self.failed = self.failed or done.returncode != 0
        self.path += files["GITHUB_PATH"].read_text().split()
        self.contexts["env"] |= assigned(files["GITHUB_ENV"])
        self.summary += files["GITHUB_STEP_SUMMARY"].read_text()
        return assigned(files["GITHUB_OUTPUT"])


if __name__ == "__main__":
    sys.exit(__doc__)
