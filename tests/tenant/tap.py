"""Run unittest cases and print TAP, for automake's TAP driver."""

import importlib.util
import sys
import unittest


class TapResult(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.number, self._broken = 0, False

    def startTest(self, test):
        super().startTest(test)
        self._broken = False

    def stopTest(self, test):
        super().stopTest(test)
        sys.stdout.flush()

    def _line(self, word, test, suffix=""):
        self.number += 1
        print(f"{word} {self.number} - {test.shortDescription() or test.id()}{suffix}")

    def _problem(self, test, error):
        for line in self._exc_info_to_string(error, test).splitlines():
            print(f"# {line}")
        if not self._broken:
            self._broken = True
            self._line("not ok", test)

    def addSuccess(self, test):
        if not self._broken:
            self._line("ok", test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line("ok", test, f" # SKIP {reason}")

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._problem(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        if isinstance(test, unittest.TestCase):
            self._problem(test, err)
        else:  # setUpClass and the like: there is no test to blame, so nothing can be trusted
            self._problem_outside(test, err)

    def _problem_outside(self, test, err):
        for line in self._exc_info_to_string(err, test).splitlines():
            print(f"# {line}")
        print(f"Bail out! {test}")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            print(f"# in {subtest}")
            self._problem(test, err)


def need(*modules):
    """Fail with the reason where a module of the distribution is missing: a test that is skipped proves nothing."""
    for module in modules:
        if importlib.util.find_spec(module) is None:
            print(f"Bail out! python module {module} is missing (python3-{module} on Debian)")
            sys.exit(1)


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    print(f"1..{suite.countTestCases()}", flush=True)
    result = TapResult()
    suite.run(result)
    return 0 if result.wasSuccessful() else 1
