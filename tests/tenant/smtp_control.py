"""DIR/control.json: what a test makes the submission server do. Read anew at every command.

    {"auth": {"reply": "535 5.7.139 ...", "count": 1, "delay": 2, "drop": true}, "clock_offset": 0}

Points: connect, ehlo, starttls, auth, mail, rcpt, data, message (after the final dot). A count is counted from the
moment the content of the file changed; without one the rule holds for ever. Write the file with a rename.
"""

import json
import threading

POINTS = {"connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "message"}
_MEMBERS = {"reply", "count", "skip", "delay", "drop"}


class Control:
    def __init__(self, path, log_error):
        self._path, self._log_error = path, log_error
        self._lock = threading.Lock()
        self._text, self._value, self._used, self._seen = None, {}, {}, {}

    def _refresh(self):
        try:
            with open(self._path, encoding="utf-8") as file:
                text = file.read()
        except FileNotFoundError:
            text = "{}"
        if text == self._text:
            return
        self._text = text
        try:
            value = json.loads(text)
            unknown = set(value) - POINTS - {"clock_offset", "comment"}
            for point in POINTS & set(value):
                unknown |= set(value[point]) - _MEMBERS
            if unknown:
                raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        except (ValueError, TypeError, AttributeError) as error:
            self._log_error(f"control.json ignored, the last good one holds: {error}")
            return
        self._value, self._used, self._seen = value, {}, {}

    def clock_offset(self):
        with self._lock:
            self._refresh()
            return float(self._value.get("clock_offset", 0))

    def take(self, point):
        """The rule for this point, used up by one; an empty one if nothing is to happen."""
        with self._lock:
            self._refresh()
            rule = self._value.get(point)
            if rule is None:
                return {}
            self._seen[point] = self._seen.get(point, 0) + 1
            if self._seen[point] <= rule.get("skip", 0):
                return {}
            self._used[point] = self._used.get(point, 0) + 1
            if 0 <= rule.get("count", -1) < self._used[point]:
                return {}
            return rule
