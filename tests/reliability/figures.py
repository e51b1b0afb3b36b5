#!/usr/bin/env python3
"""The figures of doc/internals/reliability.md: tests add them, and the table is made of them.

  figures.py add ROW TEST [COLUMN=NUMBER ...]   what one test did; nothing without SE_FIGURES_FILE
  figures.py table FILE...                      the table, in Markdown
  figures.py page FILE...                       doc/internals/reliability.md, with that table

A row's figures are added up over all that was added under its name. COLUMN is one of load (logins,
messages or requests served meanwhile), injected and survived (faults), inputs (hostile ones tried)
and secrets (found where none may be). TEST is what to run to see it again.
"""
import datetime
import fcntl
import fileinput
import json
import os
import sys

COLUMNS = {"load": "load held", "injected": "faults injected", "survived": "faults survived",
           "inputs": "inputs tried", "secrets": "secrets found"}


def add(row, test, **values):
    """Adds to the file that the environment names. Several processes may do so at once."""
    path = os.environ.get("SE_FIGURES_FILE")
    unknown = set(values) - set(COLUMNS)
    if unknown:
        raise ValueError("no such column: " + ", ".join(sorted(unknown)))
    if path is None:
        return
    line = json.dumps({"row": row, "test": test, **values}) + "\n"
    with open(path, "a", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(line)


def read(paths):
    """The rows in their order of appearance."""
    rows = {}
    for figure in (json.loads(line) for line in fileinput.input(paths, encoding="utf-8")):
        row = rows.setdefault(figure["row"], {"tests": []})
        if figure["test"] not in row["tests"]:
            row["tests"].append(figure["test"])
        for column in COLUMNS:
            if column in figure:
                row[column] = row.get(column, 0) + figure[column]
    return rows


def cell(row, column):
    return f"{row[column]:,}" if column in row else ""


def table(rows):
    lines = ["| what | " + " | ".join(COLUMNS.values()) + " | see it with |",
             "|---|" + "---:|" * len(COLUMNS) + "---|"]
    for name, row in rows.items():
        cells = [cell(row, column) for column in COLUMNS]
        tests = ", ".join(f"`{test}`" for test in row["tests"])
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {tests} |")
    return "\n".join(lines)


def page(rows):
    """The whole page; the machine is described as far as it matters."""
    with open("/etc/os-release", encoding="utf-8") as file:
        system = dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    form = "whole" if os.environ.get("SE_LONG") == "1" else "short"
    return PAGE.format(date=datetime.date.today().isoformat(), form=form, cores=os.cpu_count(),
                       system=system.get("PRETTY_NAME", "?").strip('"'), table=table(rows))


PAGE = """# Reliability: what the tests did to it

The figures of one run of the tests, written by the tests themselves (`tests/reliability/figures.py`).
**Injected** and **survived** are faults: a system call or an allocation that failed, a process that was
killed, a power cut, a peer that misbehaved. Survived means: no crash, no leak, an error of the right
class with a sentence, the state readable, no refresh token and no mail lost. **Inputs** are hostile or
odd ones that were read, **load** the logins, messages or requests that were served meanwhile, and
**secrets found** counts those where none may be. A row in which anything was lost, or found, fails the
run.

Run of {date}, the long runs in their {form} form, on {system} with {cores} cores, from a clean clone:
`./bootstrap check` and `./bootstrap long` (whole: `SE_LONG=1 ./bootstrap long`), then
`tests/reliability/figures.py page build/figures/* > doc/internals/reliability.md`; figures of longer
runs of single targets may be among the files. A fault that ends inside a library, as
tests/torture/known.txt lists them, counts neither as injected nor as survived.

{table}
"""


def lost(rows):
    """The rows in which something did not hold."""
    return [name for name, row in rows.items()
            if row.get("injected", 0) != row.get("survived", 0) or row.get("secrets", 0) != 0]


def main(arguments):
    if len(arguments) >= 3 and arguments[0] == "add":
        pairs = (argument.split("=", 1) for argument in arguments[3:])
        add(arguments[1], arguments[2], **{name: int(value) for name, value in pairs})
    elif len(arguments) >= 2 and arguments[0] in ("table", "page"):
        rows = read(arguments[1:])
        sys.stdout.write(table(rows) + "\n" if arguments[0] == "table" else page(rows))
        for name in lost(rows):
            print(f"{name}: something was lost, or found", file=sys.stderr)
        return 1 if not rows or lost(rows) else 0
    else:
        print(__doc__, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
