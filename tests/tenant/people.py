"""What the tenant keeps in memory of people's sign-ins: pages under way, codes, device codes."""

from device_codes import DeviceCodes
from signin import SignIns


class People:
    def __init__(self, learn_secret):
        self._learn_secret = learn_secret
        self.reset()

    def reset(self):
        self.sign_ins, self.device_codes, self.codes = SignIns(), DeviceCodes(), {}

    def new_code(self, code, record):
        """Keep an authorization code; returns it."""
        self._learn_secret(code)
        self.codes[code] = record
        return code
