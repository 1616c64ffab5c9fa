#!/usr/bin/env python3
"""Compares what compose-rewrite does with what an independent parser, PyYAML, reads before and after.

    compare.py BINARY PATH...        files, or folders that are searched for compose files

Every service with a build gets an image, in every file as it is, with CRLF, without its final line break, with a byte
order mark, and with twice its indentation. What is done has to be what is asked for: the same tree but for build and
image of that service, and no line changed but those of its build and image. What is refused, exit code 3, leaves
nothing to compare and is counted; any other exit code is an error.
"""

import subprocess
import sys
from pathlib import Path

import yaml

IMAGE = "registry.example/team/app/ci:1.2.3"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def tree(node, seen=()):
    """A node without styles and places: what two texts have to have in common to mean the same."""
    if id(node) in seen:
        raise ValueError("recursive")
    seen = (*seen, id(node))
    if isinstance(node, yaml.MappingNode):
        pairs = [(tree(key, seen), tree(value, seen)) for key, value in node.value]
        return (node.tag, tuple(sorted(pairs, key=repr)))
    if isinstance(node, yaml.SequenceNode):
        return (node.tag, tuple(tree(item, seen) for item in node.value))
    return (node.tag, node.value)


def entry(mapping, key):
    pairs = mapping.value if isinstance(mapping, yaml.MappingNode) else []
    return next(((name, value) for name, value in pairs if name.value == key), None)


def services(root):
    found = entry(root, "services") if root else None
    return found[1].value if found and isinstance(found[1], yaml.MappingNode) else []


def documents(text):
    # PyYAML takes a mark only where it decodes bytes itself.
    return list(yaml.compose_all(text.removeprefix("\ufeff"), Loader=LOADER))


def expected(root, name):
    """The tree of a document after the image took the place of the build."""
    if root is None:
        return None
    for key, service in services(root):
        if key.value == name and isinstance(service, yaml.MappingNode) and (entry(service, "build") or entry(service, "image")):
            rest = [pair for pair in service.value if pair[0].value not in ("build", "image")]
            image = (yaml.ScalarNode("tag:yaml.org,2002:str", "image"), yaml.ScalarNode("tag:yaml.org,2002:str", IMAGE))
            service.value = [*rest, image]
    return tree(root)


def lines_of(roots, text, name):
    """The numbers of the lines that the build and the image of a service are on."""
    numbers = set()
    length = text.count("\n") + 1
    for root in roots:
        for key, service in services(root):
            if key.value != name:
                continue
            for found in filter(None, (entry(service, "build"), entry(service, "image"))):
                end = min(found[1].end_mark.line, length)
                numbers.update(range(found[0].start_mark.line, end + 1))
    return numbers


def other_lines_changed(before, after, allowed):
    """Lines that are not of the build or the image have to stand in both texts, in the same order."""
    kept = [line for number, line in enumerate(before.split("\n")) if number not in allowed]
    rest = iter(after.split("\n"))
    return [line for line in kept if line.rstrip("\r") and not any(line.rstrip("\r") == other.rstrip("\r") for other in rest)]


def variants(text):
    text = text.replace("\r\n", "\n")
    yield "as it is", text
    yield "CRLF", text.replace("\n", "\r\n")
    yield "no final line break", text.rstrip("\n")
    yield "byte order mark", "\ufeff" + text.removeprefix("\ufeff")
    lines = text.split("\n")
    yield "twice the indentation", "\n".join(" " * (len(line) - len(line.lstrip(" "))) + line for line in lines)


def files(paths):
    for path in map(Path, paths):
        found = sorted(path.rglob("*.y*ml")) if path.is_dir() else [path]
        yield from (file for file in found if file.is_file())


def check(binary, file, variant, text, name, counts):
    where = f"{file} ({variant}), {name}"
    # As bytes, so that no line ending is translated on the way.
    run = subprocess.run(
        [binary, "image", IMAGE, "-", "--service", name, "--quiet"], input=text.encode(), capture_output=True, check=False
    )
    if run.returncode == 3:
        counts["refused"] += 1
        return
    if run.returncode != 0:
        counts["wrong"] += 1
        print(f"{where}: exit code {run.returncode}: {run.stderr.decode()}")
        return
    after = run.stdout.decode()
    problems = []
    if [tree(root) if root else None for root in documents(after)] != [expected(root, name) for root in documents(text)]:
        problems.append("it means something else")
    changed = other_lines_changed(text, after, lines_of(documents(text), text, name))
    if changed:
        problems.append(f"other lines changed: {changed[:3]}")
    if ("\r\n" in text) != ("\r\n" in after) or (text.endswith("\n") and not after.endswith("\n")):
        problems.append("line breaks changed")
    if text.startswith("\ufeff") != after.startswith("\ufeff"):
        problems.append("the byte order mark is gone")
    counts["wrong" if problems else "good"] += 1
    for problem in problems:
        print(f"{where}: {problem}")


def main(binary, paths):
    counts = {"good": 0, "refused": 0, "wrong": 0, "unreadable": 0}
    for file in files(paths):
        original = file.read_bytes().decode()
        try:
            names = {key.value for root in documents(original) for key, value in services(root) if entry(value, "build")}
        except (yaml.YAMLError, ValueError) as error:
            counts["unreadable"] += 1
            print(f"PyYAML cannot read {file}: {str(error).splitlines()[0]}", file=sys.stderr)
            continue
        for variant, text in variants(original):
            try:
                same = variant != "twice the indentation" or [tree(root) if root else None for root in documents(text)]
            except yaml.YAMLError:
                continue
            for name in sorted(names) if same else []:
                check(binary, file, variant, text, name, counts)
    print(", ".join(f"{count} {what}" for what, count in counts.items()))
    return 1 if counts["wrong"] or not counts["good"] else 0


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
