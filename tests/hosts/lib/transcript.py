#!/usr/bin/python3
"""The transcript of the demonstration as a page: usage: transcript.py FROM TO [OLD NEW]...

A line "# TEXT" begins a section, "$ COMMAND" and "PS> COMMAND" a command with what it printed. Each OLD, a
path or a port of the run, becomes NEW. Of doctor's later runs the checks that are fine are left out.
"""

import re
import sys

HEAD = """# The demonstration

A relay that was set up for sasl-xoauth2, with 500 messages in its queue, is taken over; then what goes
wrong at Microsoft's end goes wrong, one thing after the other. `sasl-entra doctor` names it, what it prints is
typed, and the mail flows on. At the end 500 messages are delivered, each once; none was bounced.

This page is what an administrator saw while tests/hosts/demonstration.sh ran, with a real, chrooted Postfix and
the stand-ins of tests/tenant; names of servers and paths are those of a real machine. `PS>` is Exchange Online
PowerShell. `SE_TRANSCRIPT=FILE` has the test write it.
"""


def shortened(lines):
    """Of a run of doctor: what is not fine, and the totals."""
    kept, keep = [], False
    for line in lines:
        if re.match(r"(problem|warning)  ", line) or re.match(r"\d+ problems?, ", line):
            keep = True
        elif not line.startswith("  "):
            keep = False
        if keep:
            kept.append(line)
    return kept


def blocks(text):
    """[kind, lines]: a section's title, or a command and its output."""
    found = []
    for line in text.splitlines():
        if line.startswith("# "):
            found.append(["title", [line[2:]]])
        elif line.startswith(("$ ", "PS> ")):
            found.append(["command", [line]])
        elif found and found[-1][0] == "command" and (line or found[-1][1][-1]):
            found[-1][1].append(line)
    return found


def page(text):
    out, runs, fenced = [HEAD], 0, False
    for kind, lines in blocks(text):
        while lines and not lines[-1]:
            lines.pop()
        if kind == "title":
            out.append(("```\n" if fenced else "") + f"\n## {lines[0]}\n")
            fenced = False
            continue
        if lines[0].startswith("$ sasl-entra doctor"):
            runs += 1
            if runs > 1:
                lines = lines[:1] + shortened(lines[1:])
        gap = "\n" if fenced and lines[0][0] == "$" else ""
        out.append(gap + ("" if fenced else "```text\n") + "\n".join(lines) + "\n")
        fenced = True
    return "".join(out) + ("```\n" if fenced else "")


def main():
    source, target, *words = sys.argv[1:]
    with open(source, encoding="utf-8") as file:
        text = file.read()
    for old, new in zip(words[::2], words[1::2]):
        text = text.replace(old, new)
    # where Exchange says which of its servers spoke, and doctor cuts what is too long
    text = re.sub(r" \[\w+\.PROD\.OUTLOOK\.COM [^]\n]*(\]|$)", "", text, flags=re.M)
    text = re.sub(r", version \d+\.\d+\.\d+", "", text)
    with open(target, "w", encoding="utf-8") as file:
        file.write(page(text))


if __name__ == "__main__":
    main()
