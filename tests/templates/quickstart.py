"""The workflows that docs/github.md shows: GitHub's schema, and actionlint and zizmor, with ours beside them, so that inputs, outputs,
secrets and permissions are those of what they call.

Prints what is wrong, then 'quickstart: N passed, N failed'.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import gitlab
from checks import check, report

FOLDER = gitlab.WORK / "quickstart"
BIN = gitlab.ROOT / "target/venv/bin"
OURS = re.compile(r"OWNER/pypelines/([\w./-]+)@SHA # (\S+)")


def blocks(page: Path) -> list:
    return re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def passes(title: str, *command: object) -> None:
    done = subprocess.run(list(map(str, command)), cwd=FOLDER, capture_output=True, text=True)
    check(title, done.returncode == 0, done.stdout + done.stderr)


def main() -> int:
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.copytree(gitlab.ROOT / ".github", FOLDER / ".github")
    shutil.copytree(gitlab.ROOT / "ci/github", FOLDER / "ci/github")
    # actionlint looks for the repository's root.
    subprocess.run(["git", "init", "--quiet", FOLDER], check=True)
    shown = blocks(gitlab.ROOT / "docs/github.md")
    called, versions = set(), set()
    for at, block in enumerate(shown):
        called |= {path for path, _ in OURS.findall(block)}
        versions |= {version for _, version in OURS.findall(block)}
        file = FOLDER / f".github/workflows/shown-{at}.yml"
        file.write_text(OURS.sub(r"$/\1", block))
        check(f"block {at} calls us in a way that is known", "OWNER" not in file.read_text(), block)
        passes(f"GitHub's schema, block {at}", BIN / "check-jsonschema", "--quiet", "--builtin-schema", "vendor.github-workflows", file)
        passes(f"actionlint, block {at}", BIN / "actionlint", file)
        passes(f"zizmor, block {at}", BIN / "zizmor", "--quiet", "--offline", "--no-progress", file)
    reusable = {f".github/workflows/{file.name}" for file in (gitlab.ROOT / ".github/workflows").glob("*.yml") if not file.name.startswith("own-")}
    check("all that can be called is shown, and nothing else", called == reusable | {"ci/github/setup"}, called)
    version = re.search(r'^version = "(.*)"', (gitlab.ROOT / "Cargo.toml").read_text(), re.MULTILINE)[1]
    check("of this version", versions == {version}, versions)
    return report("quickstart")


if __name__ == "__main__":
    sys.exit(main())
