"""What stands for docker and compose where no engine runs: tests run for real, on this machine instead of in a container."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import stand_in
import yaml

# The folder of the reports, in the container.
OUT = "/srv/out"


def docker(arguments: list) -> int:
    words = tuple(arguments)
    if words[:1] in (("info",), ("login",)) and len(words) == 1:
        return 0
    if words[:2] == ("compose", "--file"):
        return compose(words[2], list(words[3:]))
    if words[:1] == ("cp",) and len(words) == 3:
        name, _, folder = words[1].partition(":")
        shutil.copytree(container(name) / "out", words[2], dirs_exist_ok=True)
        return 0 if folder == f"{OUT}/." else stand_in.refuse(f"docker cp {folder}")
    if words[:3] == ("inspect", "--format", "{{.Config.WorkingDir}}"):
        print((container(words[3]) / "workdir").read_text())
        return 0
    return stand_in.refuse(f"docker: {arguments}")


def container(name: str) -> Path:
    folder = stand_in.RECORD / "containers" / name
    return folder if folder.is_dir() else stand_in.refuse(f"there is no container {name}")


def compose(file: str, arguments: list) -> int:
    if arguments == ["down", "--volumes", "--remove-orphans"]:
        return 0
    if arguments[:3] != ["run", "--no-TTY", "--name"]:
        return stand_in.refuse(f"docker compose: {arguments}")
    name, service, *command = arguments[3:]
    image = yaml.safe_load(Path(file).read_text())["services"][service]["image"]
    stand_in.manifest(image)
    folder = stand_in.RECORD / "containers" / name
    (folder / "out").mkdir(parents=True)
    (folder / "workdir").write_text(os.getcwd())
    here = [word.replace(OUT, str(folder / "out")) for word in command]
    environment = os.environ | {"COVERAGE_FILE": str(folder / "out/.coverage")}
    return subprocess.run([sys.executable, "-m", *here], env=environment).returncode
