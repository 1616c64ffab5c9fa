"""Projects as teams have them, whose jobs install with the real thing: a frontend with npm, pnpm and both kinds of yarn, and
Python packages with pip and poetry. Locks are those that each of them wrote itself.

Prints what is wrong, then 'projects: N passed, N failed'.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import gitlab
from checks import check, report

PAGE = gitlab.HERE / "page"
HOME = gitlab.WORK / "home"
PREFIX = gitlab.WORK / "prefix"
# What is downloaded once is kept here.
KEPT = gitlab.ROOT / "target/projects"
MAIN = {"CI_COMMIT_BRANCH": "main", "CI_PIPELINE_SOURCE": "push"}
# What package.json calls each, its lock, the folder of its cache, and the jobs that are run. Node's own tests do not end on
# yarn's loader.
MANAGERS = {
    "npm": ("", "package-lock.json", ".npm", ("lint-frontend", "build-frontend", "test")),
    "pnpm": ("pnpm@10.34.8", "pnpm-lock.yaml", ".pnpm-store", ("build-frontend",)),
    "yarn": ("yarn@4.18.1", "yarn.lock", ".yarn/cache", ("lint-frontend", "build-frontend")),
    "yarn-1": ("yarn@1.22.22", "yarn-1.lock", ".yarn/cache", ("build-frontend",)),
}
# A package of poetry's. What its tests want is there already: poetry would ask for it where many networks have no mirror.
SMALL_NUMBERS = gitlab.HERE / "small-numbers"


def programs() -> Path:
    """Every program of this machine but those that a Node without corepack lacks."""
    folder = gitlab.WORK / "bin"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for place in reversed(os.environ["PATH"].split(":")):
        for program in Path(place).glob("*") if place else ():
            link = folder / program.name
            link.unlink(missing_ok=True)
            if not program.name.startswith(("corepack", "pnpm", "pnpx", "yarn")):
                link.symlink_to(program)
    return folder


def environment(bin_folder: Path) -> dict:
    return {
        "PATH": f"{PREFIX / 'bin'}:{bin_folder}",
        "HOME": str(HOME),
        "npm_config_prefix": str(PREFIX),
        "npm_config_userconfig": str(HOME / ".npmrc"),
        "COREPACK_HOME": str(KEPT / "corepack"),
        "npm_config_fetch_retries": "1",
    }


def page(name: str, change: dict | None = None, unlocked: bool = False) -> Path:
    """The repository of a frontend with that manager and its lock; `unlocked`, with nothing to install."""
    manager, lock, *_ = MANAGERS[name]
    files = gitlab.WORK / f"page-{name}"
    shutil.rmtree(files, ignore_errors=True)
    files.mkdir(parents=True)
    for file in PAGE.glob("*.js"):
        shutil.copy(file, files)
    package = json.loads((PAGE / "package.json").read_text()) | ({"packageManager": manager} if manager else {}) | (change or {})
    if unlocked:
        package["dependencies"] = {}
        (files / "package-lock.json").write_text('{"lockfileVersion": 3, "packages": {"": {"name": "numbers-page", "version": "1.0.0"}}}')
    else:
        shutil.copy(PAGE / lock, files / lock.replace("-1", ""))
    (files / "package.json").write_text(json.dumps(package, indent=2))
    return gitlab.repository(gitlab.ROOT / "ci/presets/frontend--v1.yml", files, f"page-{name}")


def run(folder: Path, around: dict, variables: dict, *jobs: str):
    """Whether the jobs pass, and all they said."""
    done = gitlab.run(folder, MAIN | variables, "--shell-isolation", *jobs, **around)
    return done.returncode == 0, done.stdout + done.stderr


def frontends() -> None:
    around = environment(programs())
    registry = subprocess.run(["npm", "config", "get", "registry"], capture_output=True, text=True).stdout.strip()
    if subprocess.run(["npm", "ping", "--fetch-timeout", "20000", "--fetch-retries", "0"], capture_output=True).returncode:
        print("NOT CHECKED: frontends; npm's registry cannot be reached from here")
        return
    manager = MANAGERS["pnpm"][0].partition("+")[0]
    if not subprocess.run(["npm", "view", manager, "dist.signatures"], capture_output=True, text=True).stdout.strip():
        # A mirror that does not pass them on, and corepack's own way out.
        around["COREPACK_INTEGRITY_KEYS"] = "0"
    for name, (_, _, cache, jobs) in MANAGERS.items():
        folder = page(name)
        # yarn 4 would come from a place of its own.
        variables = {"COREPACK_NPM_REGISTRY": registry, "NPMRC_ADDITIONAL_SCOPE": "@team"} if name != "npm" else {}
        ok, said = run(folder, around, variables, *jobs)
        check(f"{name} installs what the jobs need", ok, said)
        artifacts = folder / ".gitlab-ci-local/artifacts"
        built = artifacts / "build-frontend/dist/index.html"
        check(f"{name}: what is built is kept", built.exists() and "every 1m" in built.read_text(), said)
        kept = list((folder / ".gitlab-ci-local/cache").glob(f"*/{cache}"))
        check(f"{name}: its cache is in the project, where GitLab keeps it", kept and any(kept[0].iterdir()), said)
        if "test" in jobs:
            junit = artifacts / "test/junit.xml"
            check(f"{name}: the tests have run", junit.exists() and len(ElementTree.parse(junit).findall("testcase")) == 1, said)
        if "lint-frontend" in jobs:
            check(f"{name}: the linter's report is kept", (artifacts / "lint-frontend/type-coverage.json").exists(), said)
    check("nothing is cached at home", not (HOME / ".npm/_cacache").exists() and not (HOME / ".yarn/berry/cache").exists(), list(HOME.glob("*/*")))
    check("corepack is installed where Node has none", (PREFIX / "bin/corepack").exists())
    refused(around)


def refused(around: dict) -> None:
    folder = page("npm", {"dependencies": {"ms": "2.1.2"}})
    ok, said = run(folder, around, {}, "build-frontend")
    check("what the lock has not is not installed", not ok and "npm ci" in said and "ms@2.1.2" in said, said)
    for name, variable, argument, says in (
        ("npm", "NPM_INSTALL_EXTRA_ARGS", "--dry-run", "Cannot find package 'ms'"),
        ("pnpm", "PNPM_INSTALL_EXTRA_ARGS", "--no-such-option", "Unknown option: 'such-option'"),
        ("yarn", "YARN_INSTALL_EXTRA_ARGS", "--no-such-option", "no-such-option"),
    ):
        ok, said = run(page(name), around, {variable: argument}, "build-frontend")
        check(f"{variable} arrives", not ok and says in said, said)
    ok, said = run(page("npm", {"packageManager": "bun@1.2.0"}), around, {}, "build-frontend")
    check("an unknown manager is named", not ok and "packageManager in package.json is bun: npm, pnpm and yarn are known" in said, said)
    ok, said = run(page("npm"), around, {"NPMRC_ADDITIONAL_SCOPE": "@team"}, "build-frontend")
    check("a scope without its registry is named", not ok and "COREPACK_NPM_REGISTRY is not: set it to the registry" in said, said)
    asks = page("npm", {"scripts": {"build": "npm config get registry && npm config get @team:registry"}}, unlocked=True)
    ok, said = run(asks, around, {"NPMRC_ADDITIONAL_SCOPE": "team", "COREPACK_NPM_REGISTRY": "https://npm.example.com/team/"}, "build-frontend")
    told = re.findall(r"> (https://npm\S*)", said)
    check("packages and the scope's come from COREPACK_NPM_REGISTRY", ok and [one.rstrip("/") for one in told] == ["https://npm.example.com/team"] * 2, said)
    empty = gitlab.repository(gitlab.ROOT / "ci/presets/frontend--v1.yml", None, "page-empty")
    ok, said = run(empty, around, {}, "build-frontend")
    check("a project without package.json is told so", not ok and "package.json is not here" in said, said)


def packages() -> None:
    """A package of poetry's and one of setuptools': installed with what its tests want, tested, covered."""
    venv = KEPT / "venv"
    if not (venv / "bin/pip").exists():
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    # In an image there is one Python, and poetry installs into that; here it is the virtual environment that is active.
    around = {"PATH": f"{venv / 'bin'}:{os.environ['PATH']}", "VIRTUAL_ENV": str(venv), "HOME": str(HOME)}
    caches = {"PIP_CACHE_DIR": str(KEPT / "pip"), "POETRY_CACHE_DIR": str(KEPT / "poetry")}
    preset = gitlab.ROOT / "ci/presets/python-package--v1.yml"
    for title, files, more, tests in (
        ("pip", gitlab.ROOT / "examples/numbers-api", {"PYTHON_EXTRAS": "dev"}, 19),
        ("poetry", SMALL_NUMBERS, {}, 1),
    ):
        folder = gitlab.repository(preset, files, f"package-{title}")
        ok, said = run(folder, around, caches | more, "test")
        check(f"{title} installs the project, and its tests pass", ok, said)
        artifacts = folder / ".gitlab-ci-local/artifacts/test"
        junit, coverage = artifacts / "junit.xml", artifacts / "coverage.xml"
        if not check(f"{title}: both reports are kept", junit.exists() and coverage.exists(), said):
            continue
        count = int(ElementTree.parse(junit).getroot().find("testsuite").get("tests"))
        check(f"{title}: JUnit's report has the tests", count >= tests, count)
        total = re.search(r"TOTAL\s.*\s(\d+(?:\.\d+)?)%", said)
        check(f"{title}: the log has what GitLab reads the coverage of", total is not None, said)
        named = [one.get("filename") for one in ElementTree.parse(coverage).getroot().iter("class")]
        check(f"{title}: the coverage report has files of the project", any("__init__.py" in name for name in named), named)
    missing = gitlab.repository(preset, None, "package-empty")
    ok, said = run(missing, around, caches, "test")
    check("a project without pyproject.toml is told so", not ok and "pyproject.toml is not here" in said, said)


def main() -> int:
    for folder in (HOME, PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    KEPT.mkdir(parents=True, exist_ok=True)
    frontends()
    packages()
    return report("projects")


if __name__ == "__main__":
    sys.exit(main())
