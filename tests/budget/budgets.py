"""The table of budgets, and how a program's cost is measured without a clock."""

import collections
import os
import pathlib
import re
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
Budget = collections.namedtuple("Budget", "name unit measured limit what")


def table():
    """The budgets of table.txt by name."""
    found = {}
    for line in (HERE / "table.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            name, unit, measured, limit, what = (part.strip() for part in line.split("|"))
            found[name] = Budget(name, unit, int(measured), int(limit), what)
    return found


class Calls:
    """The system calls that strace saw, in one file, of all threads."""

    LINE = re.compile(r"^(?:\d+ +)?(\w+)\(")
    MARK = re.compile(r"^(?:\d+ +)?write\(-1, \"([][])\"")

    def __init__(self, path):
        self.path = pathlib.Path(path)

    def lines(self):
        return self.path.read_text(encoding="utf-8", errors="replace").splitlines()

    def all(self):
        """Names, in order. A call that is resumed was counted when it began."""
        return [match.group(1) for match in map(self.LINE.match, self.lines()) if match]

    def between_marks(self):
        """A list of names for each pair of marks."""
        spans, inside = [], False
        for line in self.lines():
            mark, call = self.MARK.match(line), self.LINE.match(line)
            if mark:
                inside = mark.group(1) == "["
                if inside:
                    spans.append([])
            elif inside and call:
                spans[-1].append(call.group(1))
        return spans


def say_calls(calls):
    """"3 openat, 2 close": what they were, the most frequent first."""
    return ", ".join(f"{count} {name}" for name, count in collections.Counter(calls).most_common())


def collected(errors):
    """The instructions that callgrind counted, by what it printed."""
    return int(re.search(r"Collected : (\d+)", errors).group(1))


def stripped_size(path, scratch):
    """Bytes of a program or library as a package installs it."""
    copy = os.path.join(scratch, os.path.basename(path))
    subprocess.run(["strip", "--strip-unneeded", "-o", copy, path], check=True)
    return os.path.getsize(copy)
