"""What the tests of the agent among hostile peers share: an agent, and another account that it goes on serving."""

import json
import os
import select
import subprocess
import sys
import threading
import time

SOURCE = os.environ.get("top_srcdir") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(SOURCE, "tests", "agent"))

import agent_case  # noqa: E402
import wire  # noqa: E402
from hostile_case import Size  # noqa: E402

GOOD = "good@fabrikam.com"


class HostileAgent:
    """An agent with the configuration of a place."""

    def __init__(self, place):
        self.socket = str(place.path / "agent.sock")
        self._agent = agent_case.Agent("--socket", f"{self.socket},{agent_case.GROUP.gr_name},0666", "--user",
                                       agent_case.USER.pw_name, "--config", str(place.configuration()))
        self._agent.wait_for("listening at")

    def ask(self, login, operation=wire.TOKEN, time_left=20000):
        """The answer, with the seconds that it took."""
        begun = time.monotonic()
        answer = wire.ask(self.socket, login, operation=operation, time_left=time_left)
        return {**answer, "seconds": time.monotonic() - begun}

    def refresh(self, login, **named):
        return self.ask(login, operation=wire.REFRESH, **named)

    def refresh_all(self, logins):
        """All at once, each by a connection of its own."""
        answers = {}

        def one(login):
            answers[login] = self.refresh(login)

        threads = [threading.Thread(target=one, args=(login,)) for login in logins]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return answers

    def size(self):
        return Size.of(self._agent.pid)

    @property
    def log(self):
        return self._agent.log

    def end(self):
        self._agent.end()


class Bystander:
    """Asks for another account's token again and again, from memory, and each tenth time for a new one. In a process of
    its own, so that it sees how long the agent takes and not how busy the hostile server is."""

    def __init__(self, agent):
        self._process = subprocess.Popen([sys.executable, "-B", __file__, agent.socket], stdin=subprocess.PIPE,
                                         stdout=subprocess.PIPE, text=True)

    def end(self):
        said, _ = self._process.communicate()
        self.kept, self.fetched, self.failures = json.loads(said)


def stand_by(path):
    kept, fetched, failures = [], [], []
    while not select.select([sys.stdin], [], [], 0.05)[0]:
        begun, fetches = time.monotonic(), len(kept) % 10 == 9 and len(fetched) < len(kept) // 10 + 1
        answer = wire.ask(path, GOOD, operation=wire.REFRESH if fetches else wire.TOKEN)
        (fetched if fetches else kept).append(time.monotonic() - begun)
        if answer.get("kind") != "answer":
            failures.append({**answer, "fetches": fetches})
    print(json.dumps([kept, fetched, failures]))


def percentile(values, part):
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


if __name__ == "__main__":
    stand_by(sys.argv[1])
