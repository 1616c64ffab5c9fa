"""What benches/compose/oracle runs: compose-rewrite's changes as docker compose understands them."""

import json
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

IMAGE = "registry.example/team/app/ci:1.2.3"
OPTIONS = ["--no-interpolate", "--no-path-resolution", "--no-env-resolution", "--no-consistency"]


def config(compose, file, text, override=None):
    """The model that compose makes of a text, or the last line of what it says instead."""
    files = ["-f", "-"] + (["-f", override] if override else [])
    command = [compose, *files, "--profile", "*", "--project-directory", str(file.parent), "--project-name", "x"]
    command += ["config", "--format", "json", *OPTIONS]
    run = subprocess.run(command, input=text, capture_output=True, check=False)
    if run.returncode:
        return None, run.stderr.decode().strip().splitlines()[-1]
    return json.loads(run.stdout), None


def rewrite(binary, text, *arguments):
    run = subprocess.run([binary, *arguments, "--quiet"], input=text, capture_output=True, check=False)
    return run.returncode, run.stdout


def takes_another_file(compose, file, text, service):
    """Whether compose takes a second file that says nothing at all about the service.

    It does not where that has a variable as a name in a list: to merge, compose makes a mapping of the list, whose keys
    are then checked against its schema before the variables are filled in.
    """
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as nothing:
        json.dump({"services": {service: {}}}, nothing)
        nothing.flush()
        return config(compose, file, text, nothing.name)[1] is None


def differences(before, after, service):
    """Where the two models differ, but for the image of this service and its build."""
    for model in (before, after):
        model["services"][service].pop("build", None)
        model["services"][service].pop("image", None)
    return sorted(
        f"{part}.{name}"
        for part in {*before, *after}
        for name in ({*before.get(part, {}), *after.get(part, {})} if isinstance(before.get(part), dict) else {""})
        if (before.get(part, {}).get(name) != after.get(part, {}).get(name) if name else before.get(part) != after.get(part))
    )


def judge(job):
    binary, compose, file, text, before, service, mode = job
    arguments = ["image", IMAGE, "-", "--service", service, *(["--inline"] if mode == "inline" else [])]
    with tempfile.NamedTemporaryFile(suffix=".yml") as override:
        if mode == "override":
            arguments += ["--override-out", "-"]
        code, out = rewrite(binary, text, *arguments)
        if code == 3:
            return "refused", None
        if code:
            return "wrong", f"exit code {code}"
        if mode == "override":
            override.write(out)
            override.flush()
            after, problem = config(compose, file, text, override.name)
        else:
            after, problem = config(compose, file, out)
    if problem and mode == "override" and not takes_another_file(compose, file, text, service):
        return "not to be judged", None
    if problem:
        return "wrong", f"docker compose does not take the result: {problem}"
    found = after["services"][service]
    if found.get("image") != IMAGE or "build" in found:
        return "wrong", f"image {found.get('image')}, build {found.get('build')}"
    changed = differences(json.loads(json.dumps(before)), after, service)
    return ("wrong", f"different: {', '.join(changed)}") if changed else ("equal", None)


def listed(binary, file, model):
    """What `list` says otherwise of images and builds than compose does."""
    run = subprocess.run([binary, "list", str(file), "--format", "json", "--quiet"], capture_output=True, check=False)
    if run.returncode:
        return [f"list ends with exit code {run.returncode}"]
    services = {service["name"]: service for service in json.loads(run.stdout)["files"][0]["services"]}
    return [
        f"list says of {name}: {services[name]['image']}, {services[name]['build']}"
        for name, known in model.get("services", {}).items()
        # Those that are included are not listed.
        if name in services
        and ((services[name]["image"] or None) != known.get("image") or bool(services[name]["build"]) != ("build" in known))
    ]


def main(binary, compose, paths):
    files = []
    for path in map(Path, paths):
        files += sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
    counts = {mode: {"equal": 0, "refused": 0, "not to be judged": 0, "wrong": 0} for mode in ("plain", "inline", "override")}
    jobs, not_taken, lists, otherwise = [], 0, 0, 0
    with ThreadPoolExecutor(2) as pool:
        texts = [file.read_bytes() for file in files]
        models = pool.map(lambda pair: config(compose, *pair), zip(files, texts))
        for file, text, (before, problem) in zip(files, texts, models):
            if problem:
                not_taken += 1
                continue
            lists += 1
            for difference in listed(binary, file, before):
                otherwise += 1
                print(f"{file}: {difference}")
            built = sorted(name for name, service in before.get("services", {}).items() if "build" in service)
            jobs += [
                (binary, compose, file, text, before, name, mode)
                for name in built
                for mode in counts
            ]
        for job, (verdict, reason) in zip(jobs, pool.map(judge, jobs)):
            counts[job[6]][verdict] += 1
            if reason:
                print(f"{job[2]}, {job[5]}, {job[6]}: {reason}")
    for mode, verdicts in counts.items():
        print(f"{mode}: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
    print(f"list: {lists} files, {otherwise} services listed otherwise than docker compose has them")
    print(f"{not_taken} of {len(files)} files are none that docker compose takes alone")
    return 1 if otherwise or any(verdicts["wrong"] for verdicts in counts.values()) or not jobs else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
