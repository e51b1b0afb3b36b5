#!/usr/bin/python3
"""What `sasl-entra doctor --json` said, on stdin, for a shell.

verdicts      a line "id verdict" for each kind of check that is not about the mail servers or Postfix
new FILE      of these, what is no "ok" and was not in FILE, an earlier list: "id:verdict", on one line
fix ID        the fix of the first check of that id that is not fine
text ID       its text
"""

import json
import sys

OTHERS = ("postfix", "server", "imap")


def main():
    checks = json.load(sys.stdin)["checks"]
    what, *rest = sys.argv[1:]
    kinds = sorted({(check["id"], check["verdict"]) for check in checks if not check["id"].startswith(OTHERS)})
    wrong = [check for check in checks if check["verdict"] != "ok" and rest[:1] == [check["id"]]]
    if what == "verdicts":
        print("\n".join(f"{name} {verdict}" for name, verdict in kinds))
    elif what == "new":
        with open(rest[0], encoding="utf-8") as file:
            before = set(file.read().splitlines())
        print(" ".join(f"{name}:{verdict.replace(' ', '-')}" for name, verdict in kinds
                       if verdict != "ok" and f"{name} {verdict}" not in before))
    elif wrong:
        print(wrong[0][what] or "")


main()
