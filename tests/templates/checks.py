"""Counts what holds and keeps what does not, for the scripts of this folder: each is a run of its own."""

SHOWN = 3000
passed = 0
wrong = []


def check(title: str, holds: object, seen: object = "") -> bool:
    """Whether it holds. `seen` is what was there instead; of a log, its end."""
    global passed
    if holds:
        passed += 1
    else:
        wrong.append(f"{title}: {str(seen)[-SHOWN:]}")
    return bool(holds)


def report(name: str) -> int:
    """Prints what is wrong and the line that ci/test-templates adds up; the exit code."""
    print("\n".join(wrong), end="\n" if wrong else "")
    print(f"{name}: {passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0
