#!/usr/bin/env python3
"""Each test of a cmocka program once for each allocation that fails in it.

  test_alloc.py [--every] [--most N] [--all-most N] [--jobs N] PROGRAM...
                                                               what `make check-torture` runs
  test_alloc.py --case PROGRAM TEST K [--after]                one case again, with all that is said

Every test is run once as it is, and its allocations are counted; then once for each place that
allocates (with --every: for each allocation), where it fails; then the same with all later ones
failing as well. --most: at most so many of each test, --all-most: of each program. A program beginning with
"promise" says itself where allocations fail, and its assertions hold nevertheless. README.md has more.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "reliability"))
import figures  # noqa: E402

ROOMS = ("common", "plugin", "agent", "tool", "tests")
ENDS = {"41": "leaks", "42": "an assertion that must hold failed", "43": "crashes"}
ALLOCATORS = re.compile(r"^(__interceptor_|count_)?(malloc|calloc|realloc|reallocarray|"
                        r"memalign|aligned_alloc|posix_memalign|__?strdup|strdup|strndup)$")
FRAME = re.compile(r"^ +#\d+ 0x[0-9a-f]+ (?:in (?P<function>\S+) )?\(?(?P<where>.*)$")


def is_promise(program):
    return os.path.basename(program).startswith("promise")


class Known:
    """known.txt: what libraries do by themselves. LEAK or CRASH, library, function, reason."""

    def __init__(self, path):
        self.entries = []
        self.used = set()
        for line in path.read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                kind, library, function, reason = line.split(None, 3)
                kind = kind.lower()
                assert reason
                self.entries.append((kind, library, function))

    def excuses(self, kind, frames):
        """Whether a frame before any of ours is listed, or "function<caller" is."""
        for at, (function, where) in enumerate(frames):
            caller = frames[at + 1] if at + 1 < len(frames) else ("", "")
            for entry in self.entries:
                wanted, _, by = entry[2].partition("<")
                if entry[0] == kind and wanted == function and by in ("", caller[0]) and \
                        any(entry[1] in place for place in (where, caller[1] if by else "")):
                    self.used.add(entry)
                    return True
            if "unknown module" in where or any(f"/{room}/" in where for room in ROOMS):
                return False
        return False


def stacks(report):
    """The stacks of a report, each with its kind; frames are (function, where)."""
    found = []
    for line in report.splitlines():
        if line.startswith("Direct leak"):
            found.append(("leak", []))
        elif line.startswith("Indirect leak"):
            found.append(("indirect", []))
        elif "ERROR: AddressSanitizer" in line or "runtime error:" in line:
            found.append(("crash", []))
        elif found and (frame := FRAME.match(line)):
            function = frame["function"] or "?"
            if not ALLOCATORS.match(function) or found[-1][0] == "crash":
                if "torture/alloc_fail.c" not in line:
                    found[-1][1].append((function, frame["where"]))
    return found


def begins(report):
    """Where the serious stacks begin."""
    return {(kind, frames[0]) for kind, frames in stacks(report) if kind != "indirect" and frames}


def is_tests_own(report):
    """Whether a test used the NULL that it got instead of what it wanted."""
    if "address points to the zero page" not in report:
        return False
    for kind, frames in stacks(report):
        for _, where in frames:
            if any(f"/{room}/" in where for room in ROOMS):
                return kind == "crash" and "/tests/" in where
    return False


def is_excused(known, report):
    serious = [stack for stack in stacks(report) if stack[0] != "indirect"]
    return bool(serious) and all(known.excuses(kind, frames) for kind, frames in serious)


class Runner:
    def __init__(self, options):
        self.options = options
        self.known = Known(HERE / "known.txt")
        self.object = os.path.abspath(options.object)
        self.asan = subprocess.run([os.environ.get("CC", "gcc").split()[0],
                                    "-print-file-name=libasan.so"], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout.strip()

    def environment(self, program, reports, **wishes):
        slow, keep = wishes.pop("slow", False), wishes.pop("keep", 0)
        environment = dict(os.environ)
        environment.update(
            LD_PRELOAD=f"{self.object} {os.path.realpath(self.asan)}",
            ASAN_OPTIONS="verify_asan_link_order=0:detect_leaks=1:handle_abort=1:"
            f"log_path={reports}/report" + (":fast_unwind_on_malloc=0" if slow else ""),
            SE_TORTURE_STRICT="1" if is_promise(program) else "0",
            SE_TORTURE_EVERY="1" if self.options.every else "0",
            SE_TORTURE_MOST=str(self.options.most),
            SE_TORTURE_ALL_MOST=str(self.options.all_most), SE_TORTURE_KEEP=str(keep))
        environment.pop("MAKEFLAGS", None)
        environment.pop("SE_FIGURES_FILE", None)  # the tests' own are not about this
        environment.update({f"SE_TORTURE_{name.upper()}": str(value)
                            for name, value in wishes.items()})
        return environment

    def run(self, program, reports, **wishes):
        return subprocess.run([program], env=self.environment(program, reports, **wishes),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              check=False).stdout

    def again(self, program, bad, after, said):
        """What the sanitizer says of the case with whole stacks. With plugins kept, so that their
        frames have names, and not where the test wants them gone. What a network allocates differs
        by some from run to run."""
        k = int(bad["k"])
        for number, keep in ((k, 1), (k, 0), *((k + by, 1) for by in (-1, 1, -2, 2, -3, 3, -4, 4, -5, 5))):
            with tempfile.TemporaryDirectory(prefix="sasl-entra-torture.") as reports:
                self.run(program, reports, slow=bad["end"] == "41", keep=keep, test=bad["test"],
                         k=number, after=after)
                texts = [path.read_text(errors="replace") for path in
                         pathlib.Path(reports).iterdir()]
            if texts and (number == k or all(begins(text) == begins(said) for text in texts)):
                return texts
        return []

    def excused(self, program, bad, after, said):
        """Whether a library did it by itself. A test that falls over the NULL that it got has found
        nothing: None."""
        if bad["end"] not in ("41", "43"):
            return False
        if is_excused(self.known, said):
            return True
        if said and not is_promise(program) and is_tests_own(said):
            return None
        texts = self.again(program, bad, after, said)
        if texts and not is_promise(program) and all(map(is_tests_own, texts)):
            return None
        return bool(texts) and all(is_excused(self.known, text) for text in texts)

    def torture(self, program, after):
        with tempfile.TemporaryDirectory(prefix="sasl-entra-torture.") as reports:
            output = self.run(program, reports, after=after)
            said = {path.name: path.read_text(errors="replace")
                    for path in pathlib.Path(reports).iterdir()}
        counts = {"tests": 0, "allocations": 0, "injected": 0, "survived": 0, "excused": 0}
        bad = []
        for line in output.splitlines():
            if not line.startswith(("torture: bad ", "torture: test=")):
                continue
            fields = dict(re.findall(r"(\w+)=(.*?)(?= \w+=|$)", line))
            if line.startswith("torture: bad "):
                excused = self.excused(program, fields, after,
                                       said.get("report." + fields["process"], ""))
                if excused is None:
                    counts["survived"] += 1
                elif excused:
                    counts["excused"] += 1
                else:
                    bad.append(f"{program} \"{fields['test']}\" {fields['k']}"
                               f"{' --after' if after else ''}: "
                               + ENDS.get(fields["end"], "?") + "\n"
                               + said.get("report." + fields["process"], "")[:2000])
                continue
            counts["tests"] += 1
            for name in ("allocations", "injected", "survived"):
                counts[name] += int(fields[name])
        if "torture: done" not in output:
            bad.append(f"{program}: did not end well:\n{output[-2000:]}")
        return program, after, counts, bad


def report(number, result, total):
    program, after, counts, bad = result
    what = "and all later ones" if after else "one at a time"
    print(f"{'not ok' if bad else 'ok'} {number} - {program}, {what}: {counts['tests']} tests, "
          f"{counts['allocations']} allocations, {counts['injected']} made to fail, "
          f"{counts['survived']} survived, {counts['excused']} ended in a library")
    for line in bad:
        print("# " + line.rstrip().replace("\n", "\n# "))
    sys.stdout.flush()
    row = total["promise" if is_promise(program) else "tests"]
    for name in ("injected", "survived"):
        row[name] += counts[name]
    row["injected"] -= counts["excused"]
    return not bad


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--object", default="tests/torture/.libs/alloc_torture.so")
    parser.add_argument("--every", action="store_true")
    parser.add_argument("--most", type=int, default=0)
    parser.add_argument("--all-most", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--case", action="store_true")
    parser.add_argument("--after", action="store_true")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    runner = Runner(options)
    if options.case:
        program, test, number = options.programs
        with tempfile.TemporaryDirectory(prefix="sasl-entra-torture.") as reports:
            print(runner.run(program, reports, slow=True, keep=1, show=1, test=test, k=number,
                             after=int(options.after)))
            for path in pathlib.Path(reports).iterdir():
                print(path.read_text(errors="replace"))
        return 0
    total = {name: {"injected": 0, "survived": 0} for name in ("tests", "promise")}
    work = [(program, after) for program in options.programs for after in (0, 1)]
    print(f"1..{len(work)}")
    good = True
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        waiting = [pool.submit(runner.torture, *item) for item in work]
        for number, future in enumerate(concurrent.futures.as_completed(waiting), 1):
            good &= report(number, future.result(), total)
    figures.add("an allocation fails (unit and plugin tests)", "make check-torture",
                **total["tests"])
    if total["promise"]["injected"]:
        figures.add("an allocation fails while a token is renewed, kept or handed out",
                    "make check-torture", **total["promise"])
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
