"""The components, templates/NAME/template.yml: their form, that they are as they would be generated, and that an input does what
the variable of its name does, with gitlab-ci-local as GitLab would include them from another project.

Prints what is wrong, then 'components: N passed, N failed'.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path

import yaml

import gitlab
from checks import check, report

generator = spec_from_loader("generate", SourceFileLoader("generate", str(gitlab.ROOT / "ci/components/generate")))
generate = module_from_spec(generator)
generator.loader.exec_module(generate)
PRESETS = ("backend", "frontend", "python-package")
# What an input may hold, from what is hard to what its pattern lets pass.
VALUES = ['"two words" $CI_COMMIT_SHA # {a: [b]} \\d', "$CI_COMMIT_SHA-other", "ssh://other.example.com", "/other", "other", "77"]


def parts(path: Path) -> list:
    """The header and the body of a file, as text."""
    return path.read_text().split("---\n")


def specs() -> dict:
    """The inputs of each component, as its file has them."""
    paths = sorted((gitlab.ROOT / "templates").glob("*/template.yml"))
    return {path.parent.name: yaml.safe_load(parts(path)[0])["spec"]["inputs"] for path in paths}


def other(spec: dict):
    """A value that is not the default, and that the input accepts."""
    if spec["type"] == "boolean":
        return not spec["default"]
    return next(value for value in spec.get("options", VALUES) if value != spec["default"] and re.search(spec.get("regex", ""), value))


def form(found: dict) -> None:
    stale = [path for path, text in generate.files().items() if not path.exists() or path.read_text() != text]
    check("components are as ci/components/generate writes them", not stale, stale)
    there = {str(path.relative_to(gitlab.ROOT / "templates")) for path in (gitlab.ROOT / "templates").rglob("*") if path.is_file()}
    check("nothing else is where GitLab looks for components", there == {f"{name}/template.yml" for name in found}, there)
    check("a project may have as many components", len(found) <= 30, len(found))
    for name, inputs in found.items():
        bare = [key for key, spec in inputs.items() if not 10 < len(spec.get("description", "")) < 256 or {"type", "default"} - spec.keys()]
        check(f"{name}: each input has a description, a type and a default", not bare, bare)
        secret = [key for key in inputs if re.search("password|token|key$|secret$", key) and key != "sonar-project-key"]
        check(f"{name}: secrets are no inputs", not secret, secret)
    variables(found)
    folder = gitlab.WORK / "components"
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for path in [*(gitlab.ROOT / "templates").glob("*/template.yml"), gitlab.ROOT / "ci/components/input.yml"]:
        for what, text in zip(("header", "body"), parts(path)):
            files.append(folder / f"{path.parent.name}-{what}.yml")
            # Only an input says what its key is called.
            files[-1].write_text(text.replace("$[[ inputs.variable ]]:", "NAME:"))
    command = [f"{Path(sys.executable).parent}/check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"]
    done = subprocess.run([*command, *files], capture_output=True, text=True)
    check("GitLab's schema", done.returncode == 0, done.stdout + done.stderr)


def variables(found: dict) -> None:
    """Each that docs/pipeline.md tells of is an input where a job reads it, or docs/components.md says that it is none."""
    every = {key for inputs in found.values() for key in inputs}
    prose = generate.DOCS.read_text().split("\n## All of them\n")[0]
    none = {name for name in generate.documented() if name.lower().replace("_", "-") not in every}
    silent = [name for name in sorted(none) if f"`{name}`" not in prose]
    check("what is no input is said to be none", not silent, silent)
    check("secrets alone are none, and who they belong to", all(re.search("PASSWORD|TOKEN|SSH", name) for name in none), none)
    for name, keys in (
        ("image-track", ["image-track-cache", "projects", "pypelines-image"]),
        ("gitlab-release", ["release-artifact", "release-notes", "release-server"]),
        ("deploy", ["deploy-environment", "deploy-host"]),
        ("static-analyze", ["code-style", "code-style-badge"]),
    ):
        missing = [key for key in keys if key not in found[name]]
        check(f"{name} has the inputs that its jobs read", not missing, missing)
    # A job's own variable wins, so that such an input would do nothing.
    check("what all jobs set themselves is no input", "release-artifact" not in found["python-package"])


def as_text(found: dict) -> None:
    """GitLab puts values into the text, before it is read as YAML: quotes and the like must not come apart there."""
    for name, inputs in found.items():
        values = {key: other(spec) for key, spec in inputs.items()}
        body = filled(parts(gitlab.ROOT / "templates" / name / "template.yml")[1], values)
        seen = {one["inputs"]["variable"]: (one["inputs"]["value"], one["rules"][0]["if"]) for one in body["include"][1:]}
        expected = {}
        for (key, value), (variable, written) in zip(values.items(), as_variables(values).items()):
            expected[variable] = (written, "'true' == 'true'" if value is True else f"'{value}' != '{inputs[key]['default']}'")
        check(f"{name}: values are what they were, as text", seen == expected, differences(seen, expected))
    for value in VALUES:
        body = filled(parts(gitlab.ROOT / "ci/components/input.yml")[1], {"variable": "NAME", "value": value})
        check(f"{value} arrives", all(job == {"variables": {"NAME": value}} for job in body.values()), body)


def filled(text: str, values: dict) -> dict:
    return yaml.safe_load(re.sub(r"\$\[\[ inputs\.([\w-]+) \]\]", lambda block: as_variables(values)[block[1].upper().replace("-", "_")], text))


class Project:
    """A project of users, whose pipelines lie side by side in its folder."""

    def __init__(self):
        begin = gitlab.WORK / "components/begin.yml"
        begin.write_text("begin: {script: [date]}\n")
        self.folder = gitlab.repository(begin, name="components")

    def file(self, name: str, include: list, more: dict) -> tuple:
        (self.folder / f"{name}.yml").write_text(yaml.safe_dump({"include": include} | more))
        return "--file", f"{name}.yml"

    def whole(self, name: str, include: list, more: dict) -> tuple:
        """The jobs with all that they are made of, and the variables that all of them see."""
        text = gitlab.told(self.folder, {}, "--preview", *self.file(name, include, more))
        pipeline = yaml.safe_load(text[text.index("---\n") :])
        jobs = {job: part for job, part in pipeline.items() if isinstance(part, dict) and {"script", "trigger"} & part.keys()}
        return jobs, pipeline["variables"]

    def jobs(self, name: str, include: list, more: dict, event: dict) -> dict:
        return gitlab.jobs(self.folder, event, *self.file(name, include, more))


def local(name: str) -> dict:
    path = f"ci/presets/{name}--v1.yml" if name in PRESETS else f"ci/templates/v1/{name}.yml"
    return {"project": "team/pypelines", "ref": "main", "file": path}


def component(name: str, inputs: dict) -> dict:
    return {"component": f"$CI_SERVER_FQDN/team/pypelines/{name}@main"} | ({"inputs": inputs} if inputs else {})


def visible(name: str) -> dict:
    """A job for each hidden one that has a script: files of users extend them."""
    template = generate.Template(gitlab.ROOT / local(name)["file"], {})
    own = generate.load(template.path)

    def has(job: dict, key: str) -> bool:
        bases = job.get("extends", [])
        return key in job or any(has(template.jobs[base], key) for base in ([bases] if isinstance(bases, str) else bases))

    jobs = [job for job, part in own.items() if job.startswith(".") and has(part, "stage") and (has(part, "script") or "trigger" in part)]
    return {job[1:]: {"extends": job, "needs": []} if "trigger" not in own[job] else {"extends": job} for job in jobs}


def effective(jobs: dict, variables: dict) -> dict:
    """Jobs with each variable that they see; their own win over those of all."""
    return {name: job | {"variables": variables | job.get("variables", {})} for name, job in jobs.items()}


def same(title: str, seen: dict, expected: dict) -> None:
    """Compares jobs, and says where they differ."""
    check(f"{title}: the jobs", seen.keys() == expected.keys(), seen.keys() ^ expected.keys())
    for job in seen.keys() & expected.keys():
        check(f"{title}: {job}", seen[job] == expected[job], differences(seen[job], expected[job]))


def differences(one: dict, two: dict) -> dict:
    """Both sides of what is not the same; of variables, of each."""
    found = {key: (one.get(key), two.get(key)) for key in one.keys() | two.keys() if one.get(key) != two.get(key)}
    if isinstance(one.get("variables"), dict) and "variables" in found:
        found["variables"] = differences(*found["variables"])
    return found


def as_variables(inputs: dict) -> dict:
    return {name.upper().replace("-", "_"): str(value).lower() if isinstance(value, bool) else value for name, value in inputs.items()}


def preset(project: Project, name: str, spec: dict) -> None:
    """Without inputs it is its template; with inputs it is that with the same variables."""
    jobs, variables = project.whole(f"{name}-plain", [local(name)], {})
    same(f"{name}, as it is", effective(*project.whole(f"{name}-default", [component(name, {})], {})), effective(jobs, variables))
    with_inputs(project, name, spec, jobs, variables, {})


def with_inputs(project: Project, name: str, spec: dict, jobs: dict, variables: dict, more: dict) -> None:
    values = {key: other(one) for key, one in spec.items()}
    seen = effective(*project.whole(f"{name}-inputs", [component(name, values)], more))
    expected = effective(jobs, variables | as_variables(values))
    same(f"{name}, with other values", seen, {job: part for job, part in expected.items() if job in more or name in PRESETS or job in seen})


def stages(project: Project, found: dict, pool: ThreadPoolExecutor) -> list:
    """The same of all others, side by side without inputs, and each alone with its own."""
    names = [name for name in found if name not in PRESETS]
    more = {name: visible(name) for name in names}
    every = {job: part for jobs in more.values() for job, part in jobs.items()}
    plain = pool.submit(project.whole, "stages-plain", [local(name) for name in names], every)
    default = pool.submit(project.whole, "stages-default", [component(name, {}) for name in names], every)
    jobs, variables = plain.result()
    same("all stages, as they are", effective(*default.result()), effective(jobs, variables))
    return [pool.submit(with_inputs, project, name, found[name], jobs, variables, more[name]) for name in names]


def precedence(project: Project) -> None:
    """What wins: a variable of project or group, then an input that is not its default, then `variables` of the file."""
    for title, inputs, variables, outside, runs in (
        ("nothing is said", {}, {}, {}, True),
        ("the input is given", {"skip-trivy": True}, {}, {}, False),
        ("the input is given, and the project's variable says no", {"skip-trivy": True}, {}, {"SKIP_TRIVY": "false"}, True),
        ("the input is given, and the file's variable says no", {"skip-trivy": True}, {"SKIP_TRIVY": "false"}, {}, False),
        ("the project's variable is set, and no input", {}, {}, {"SKIP_TRIVY": "true"}, False),
        ("the file's variable is set, and no input", {}, {"SKIP_TRIVY": "true"}, {}, False),
        ("the file's variable is set, and the input is its default", {"skip-trivy": False}, {"SKIP_TRIVY": "true"}, {}, False),
    ):
        more = {"variables": variables, "trivy": {"extends": ".trivy-static-analyze"}, "ruff": {"extends": ".ruff-check-static-analyze"}}
        jobs = project.jobs("precedence", [component("static-analyze", inputs)], more, gitlab.merge_request("x") | outside)
        check(f"trivy, where {title}", jobs.keys() == ({"trivy", "ruff"} if runs else {"ruff"}), sorted(jobs))


def together(project: Project) -> None:
    """An input that one component was given stays when the next includes the defaults again; the last that says something wins."""
    more = {"ruff": {"extends": ".ruff-check-static-analyze"}, "lines": {"extends": ".lines-of-code-badge"}}
    given = {"ruff-version": "9.9.9", "pypelines-image": "one"}
    jobs, variables = project.whole("two", [component("static-analyze", given), component("deploy", {})], more)
    seen = {name: job["variables"] for name, job in effective(jobs, variables).items()}
    check("the next component takes no input away", (seen["ruff"]["RUFF_VERSION"], seen["lines"]["PYPELINES_IMAGE"]) == ("9.9.9", "one"), seen["ruff"])
    both = [component("static-analyze", given), component("deploy", {"pypelines-image": "two"})]
    jobs, variables = project.whole("two", both, more)
    seen = {name: job["variables"] for name, job in effective(jobs, variables).items()}
    check("of two that are given the last counts", seen["lines"]["PYPELINES_IMAGE"] == seen["deploy-tools"]["PYPELINES_IMAGE"] == "two", seen["lines"])
    jobs, variables = project.whole("two", both, more | {"lines": more["lines"] | {"variables": {"PYPELINES_IMAGE": "own"}}})
    check("a job's own variable counts more", jobs["lines"]["variables"]["PYPELINES_IMAGE"] == "own", jobs["lines"]["variables"])


def listed(project: Project) -> None:
    """A list of projects, in JSON and as long as it has to be, arrives as it is."""
    every = [{"name": f"env {at}", "url": f"https://gitlab.example.com/team/env-{at}", "secret": f"TOKEN_{at}"} for at in range(30)]
    jobs, _ = project.whole("listed", [component("image-track", {"projects": json.dumps(every)})], {"start": {"extends": ".trigger-environments"}})
    seen = jobs["start"]["variables"].get("PROJECTS", "")
    check("a list of projects arrives", seen == json.dumps(every), seen)


def examples(project: Project) -> None:
    """Those of the documentation are pipelines."""
    texts = [(gitlab.ROOT / "docs" / name).read_text() for name in ("components.md", "pipeline.md")] + [(gitlab.ROOT / "README.md").read_text()]
    blocks = [block for text in texts for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if "component:" in block]
    for at, block in enumerate(blocks):
        document = yaml.safe_load(block.replace("/pypelines/pypelines/", "/team/pypelines/"))
        given = [set(one.get("inputs", {})) - specs()[one["component"].split("/")[-1].split("@")[0]].keys() for one in document["include"]]
        check(f"example {at}: its inputs exist", not set().union(*given), given)
        check(f"example {at} has jobs", project.jobs("example", document.pop("include"), document, {"CI_COMMIT_BRANCH": "main", "KUBE_CONTEXT": "a:b", "DEPLOY_NAMESPACE": "c"}))
    check("components have examples", len(blocks) >= 3, len(blocks))


def refused(project: Project) -> None:
    for title, inputs, says in (
        ("a value that is none of the options", {"builder": "make"}, "builder"),
        ("a version that is none", {"ruff-version": "1 || true"}, "ruff-version"),
        ("a quote, where an expression would end", {"test-command": "pytest -k 'a'"}, "test-command"),
        ("a text for a switch", {"skip-trivy": "yes"}, "skip-trivy"),
    ):
        try:
            project.jobs("refused", [component("backend", inputs)], {}, gitlab.merge_request("x"))
            check(f"{title} is refused", False)
        except gitlab.Failed as error:
            check(f"{title} is refused, and named", says in str(error), error)


def main() -> int:
    found = specs()
    form(found)
    as_text(found)
    project = Project()
    with ThreadPoolExecutor(2) as pool:
        work = stages(project, found, pool)
        work += [pool.submit(preset, project, name, found[name]) for name in PRESETS]
        work += [pool.submit(one, project) for one in (precedence, together, refused, listed, examples)]
        for one in work:
            one.result()
    return report("components")


if __name__ == "__main__":
    sys.exit(main())
