"""Which job runs on which event, against matrix.yml and variations.yml. Prints what differs, then 'matrix: N passed, N failed'."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import gitlab
from checks import check, report

# The pipelines, by folder and jobs, whose needs gitlab-ci-local has looked at.
asked = set()


def cell(job: dict | None) -> str:
    if job is None:
        return "-"
    if job["when"] == "manual":
        return "m" if job["allow_failure"] else "M"
    return "a" if job["allow_failure"] else "Y"


def columns(table: str) -> dict:
    """The table as event -> job -> cell."""
    header, *rows = [line.split() for line in table.strip().splitlines()]
    found = {event: {} for event in header[1:]}
    for row in rows:
        assert len(row) == len(header), f"{row[0]}: {len(row) - 1} cells for {len(header) - 1} events"
        for event, value in zip(header[1:], row[1:]):
            assert value in "YaMm-", f"{row[0]}, {event}: {value} is no cell"
            found[event][row[0]] = value
    return found


def dangling(found: dict) -> list:
    """Jobs that need one which this pipeline has not: GitLab would not create it."""
    return [
        f"{name} needs {need['job']}, which is not part of this pipeline"
        for name, job in found.items()
        for need in job.get("needs") or []
        if need["job"] not in found and not need.get("optional")
    ]


def pipeline(folder, title: str, variables: dict, expected: dict, twice: bool) -> None:
    """Every cell of an event; `twice` asks gitlab-ci-local about the needs as well."""
    try:
        found = gitlab.jobs(folder, variables)
    except gitlab.Failed as error:
        check(f"{title} has a pipeline", False, error)
        return
    for name in sorted(expected.keys() | found.keys()):
        seen, should = cell(found.get(name)), expected.get(name, "?")
        check(f"{title}: {name}", seen == should, f"{seen}, and should be {should}")
    needs = dangling(found)
    same = (folder, frozenset(found))
    if twice and found and same not in asked:
        asked.add(same)
        complaint = gitlab.dependencies(folder, variables)
        needs += [complaint.strip()] if complaint else []
    check(f"{title}: its needs", not needs, "; ".join(needs))


def main() -> int:
    fixture = gitlab.matrix()
    folders, tables = {}, {}
    for name, given in fixture["pipelines"].items():
        files = gitlab.ROOT / given["files"] if "files" in given else None
        folders[name] = gitlab.repository(gitlab.ROOT / given["file"], files, name)
        if "like" in given:
            tables[name] = {event: tables[given["like"]][other] for event, other in given["columns"].items()}
        else:
            tables[name] = columns(given["table"])
    work = []
    for name, table in tables.items():
        # The needs are the same in each pipeline of a preset's jobs.
        is_preset = fixture["pipelines"][name]["file"].startswith("ci/presets")
        for event, expected in table.items():
            work.append((folders[name], f"{name}, {event}", fixture["variables"] | fixture["events"][event], expected, is_preset))
    for variation in fixture["variations"]:
        event, more, changes = variation["event"], variation["set"], variation["then"]
        for name in variation.get("in", ["every-job"]):
            base = tables[name][event]
            title = f"{name}, {event} with {' '.join(f'{k}={v}' for k, v in more.items())}"
            for job, value in changes.items():
                assert base.get(job, value) != value, f"{title}: {job} is {value} without that, too"
            assert changes.keys() <= base.keys(), f"{title}: {changes.keys() - base.keys()} is not in the table"
            variables = fixture["variables"] | fixture["events"][event] | more
            work.append((folders[name], title, variables, base | changes, False))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda item: pipeline(*item), work):
            pass
    return report("matrix")


if __name__ == "__main__":
    sys.exit(main())
