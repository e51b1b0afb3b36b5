"""AppArmor's profile of sasl-entrad: AppArmor's own parser takes it, and a traced life of the agent stays within it."""

import ast
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "agent"))
import agent_case  # noqa: E402
import private_root  # noqa: E402
import wire  # noqa: E402
from agent_case import AGENT, BUILD, GROUP, SECRET, SOURCE, USER, TenantCase, run  # noqa: E402

for program in ("apparmor_parser", "strace", "setpriv"):
    if not shutil.which(program):
        print(f"1..0 # SKIP there is no {program}")
        sys.exit(0)
try:
    from apparmor.rule.file import FileRule
    from apparmor.rule.network import NetworkRule
except ImportError:
    print("1..0 # SKIP AppArmor's Python modules are not installed (Debian: python3-apparmor)")
    sys.exit(0)

PROFILE = pathlib.Path(BUILD, "packaging", "apparmor", "usr.sbin.sasl-entrad")
TRACED = "trace=%file,%network,execve,mmap,flock,fchmod,fchown,fcntl"
# Of the profile's own rules, those for what this life does not have.
NOT_TRACED = ("credentials/sasl-entrad.service", "/var/opt/azcmagent", "/usr/local/")


# --- the profile ------------------------------------------------------------------------------------------------

def parser(*arguments):
    return run("apparmor_parser", "--skip-kernel-load", "--skip-cache", "--features-file", "/etc/apparmor.d/abi/3.0",
               *arguments)


def preprocessed():
    """The lines of the profile and of all it includes, without comments."""
    text = parser("--preprocess", str(PROFILE)).stdout
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def variables(lines):
    found = {}
    for line in lines:
        match = re.match(r"(@\{\w+\})\s*\+?=\s*(.*)", line)
        if match:
            found.setdefault(match[1], []).extend(match[2].split())
    return found


def expand(text, known):
    """The variables' values in their place, as alternatives behind the slash that all of them begin with."""
    while match := re.search(r"@\{\w+\}", text):
        values = [expand(value, known) for value in known[match[0]]]
        if len(values) > 1:
            slash = "/" if all(value.startswith("/") for value in values) else ""
            values = [slash + "{" + ",".join(value.strip("/") for value in values) + "}"]
        text = text.replace(match[0], values[0])
    return re.sub("//+", "/", text)


class Profile:
    def __init__(self):
        lines = preprocessed()
        known = variables(lines)
        known["@{profile_name}"] = ["sasl-entrad"]
        self.files, self.networks, self.capabilities = [], [], []
        for line in lines:
            if line.startswith("capability "):
                self.capabilities += line.rstrip(",").split()[1:]
            elif NetworkRule.match(line):
                self.networks.append(line.rstrip(",").split()[1:])
            elif FileRule.match(line) and re.match(r"(owner )?[/@]", line):
                self.files.append(FileRule.parse(expand(line, known)))

    def allowed(self, path):
        """All that the rules give for a path."""
        found = set()
        for rule in self.files:
            if rule.path.match(path):
                found |= rule.perms | ({"x"} if rule.exec_perms else set())
        return found

    def lacking(self, path, wanted):
        found = self.allowed(path)
        return "".join(sorted(set(wanted) - found))

    def network(self, family, kind):
        return any(rule[:1] == [family] and (len(rule) == 1 or rule[1] == kind) for rule in self.networks)


# --- the trace --------------------------------------------------------------------------------------------------

class Trace:
    """What the kernel would have asked AppArmor: {path: permissions}, sockets."""

    # Renaming reads and writes the old name; whoever connects to a socket reads and writes it.
    WRITES = {"unlink": "w", "unlinkat": "w", "mkdir": "w", "mkdirat": "w", "rmdir": "w", "chmod": "w", "fchmodat": "w",
              "fchownat": "w", "fchown": "w", "fchmod": "w", "link": "w", "linkat": "w", "truncate": "w"}

    def __init__(self, text):
        self.paths, self.sockets = {}, set()
        for line in self.whole(text):
            match = re.match(r"\d+ +(\w+)\((.*)\) += (-?\d+|0x[0-9a-f]+)(<.*>)?", line)
            if match and not match[3].startswith("-"):
                self.call(match[1], match[2], match[4] or "")
            elif match and match[1] == "connect" and "ECONNREFUSED" in line:
                self.call(match[1], match[2], "")

    @staticmethod
    def whole(text):
        """Calls that another process's interrupted are put together."""
        begun = {}
        for line in text.splitlines():
            pid = line.split(" ", 1)[0]
            if line.endswith("<unfinished ...>"):
                begun[pid] = line[:-len("<unfinished ...>")].rstrip()
            elif match := re.match(r"\d+ +<\.\.\. \w+ resumed>(.*)", line):
                yield begun.pop(pid, "") + match[1]
            else:
                yield line

    def need(self, path, permissions):
        if path.startswith("/"):
            self.paths.setdefault(os.path.normpath(path) + ("/" if path.endswith("/") and path != "/" else ""),
                                  set()).update(permissions)

    @staticmethod
    def names(arguments):
        """The paths of a call, those relative to a descriptor made whole."""
        for base, name in re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?("(?:[^"\\]|\\.)*")', arguments):
            name = ast.literal_eval("b" + name).decode(errors="replace")
            yield name if name.startswith("/") else f"{base}/{name}"

    def call(self, name, arguments, result):
        paths = list(self.names(arguments))
        if name in ("open", "openat"):
            if "O_PATH" not in arguments:
                mode = "rw" if "O_RDWR" in arguments else "w" if "O_WRONLY" in arguments else "r"
                self.need(result[1:-1] + ("/" if "O_DIRECTORY" in arguments else ""),
                          mode + ("w" if "O_CREAT" in arguments else ""))
        elif name in ("rename", "renameat", "renameat2"):
            self.need(paths[0], "rw")
            self.need(paths[1], "w")
        elif name in ("mkdir", "mkdirat", "rmdir"):
            self.need(paths[0] + "/", "w")
        elif name in self.WRITES:
            for path in paths or re.findall(r"\d+<(/[^>]*)>", arguments)[:1]:
                self.need(path + ("/" if os.path.isdir(path) else ""), self.WRITES[name])
        elif name == "execve":
            self.need(paths[0], "x")
        elif name == "mmap" and "PROT_EXEC" in arguments:
            for path in re.findall(r"\d+<(/[^>]*)>", arguments):
                self.need(path, "m")
        elif name == "flock" or (name == "fcntl" and "F_SETLK" in arguments or "F_OFD_SETLK" in arguments):
            for path in re.findall(r"^\d+<(/[^>]*)>", arguments):
                lock = "wk" if "LOCK_EX" in arguments or "F_WRLCK" in arguments else "k"
                if "LOCK_UN" not in arguments:
                    self.need(path + ("/" if os.path.isdir(path) else ""), lock)
        elif name in ("bind", "connect", "sendto", "sendmsg") and 'sun_path="' in arguments:
            self.need(re.search(r'sun_path="([^"]*)"', arguments)[1], "rw" if name == "connect" else "w")
        elif name == "socket":
            family, kind = re.match(r"(?:AF|PF)_(\w+), SOCK_(\w+)", arguments).groups()
            self.sockets.add((family.lower(), kind.lower()))


# --- a life -----------------------------------------------------------------------------------------------------

def compiled_in(pattern):
    return pathlib.Path(re.search(pattern, run(AGENT, "--help").stdout).group(1))


class AppArmor(TenantCase):
    """In a root directory of its own, with the agent at the path that the profile names."""

    def setUp(self):
        super().setUp()
        text = PROFILE.read_text(encoding="utf-8")
        self.program = pathlib.Path(re.search(r"^profile sasl-entrad (\S+)", text, re.M)[1])
        self.config = compiled_in(r"this configuration\s+\(default: (\S+)\)")
        self.socket_path = compiled_in(r"systemd hands over, else\s+(\S+),")
        self.state = compiled_in(r"Tokens are kept in (\S+)")
        self.chroot = pathlib.Path("/var/spool/postfix-test")
        self.token = pathlib.Path("/run/secrets/azure/tokens/azure-identity-token")
        for path in (self.program.parent, self.config.parent, self.state.parent, self.chroot, self.token.parent):
            path.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.inside = str(self.chroot) + str(self.socket_path)
        for path in (self.state, self.socket_path.parent, self.chroot / "run"):
            shutil.rmtree(path, ignore_errors=True)
        # The agent makes two directories of its socket's path: in a chroot that is all of /run/sasl-entra.
        self.socket_path.parents[1].mkdir(mode=0o755, parents=True, exist_ok=True)
        if self.socket_path.parents[1] != pathlib.Path("/run"):
            pathlib.Path(self.inside).parents[1].mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copy(AGENT, self.program)
        self.program.chmod(0o755)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.notify.close)
        pathlib.Path("/run/systemd").mkdir(exist_ok=True)
        pathlib.Path("/run/systemd/notify").unlink(missing_ok=True)
        self.notify.bind("/run/systemd/notify")
        os.chmod("/run/systemd/notify", 0o666)
        self.credentials()

    def file(self, name, text, mode=0o600):
        path = self.config.parent / name
        path.write_text(text, encoding="utf-8")
        os.chown(path, USER.pw_uid, USER.pw_gid)
        path.chmod(mode)
        return path

    def credentials(self):
        """Accounts with a secret (whose server has a name and a certificate of the system's), a certificate, and a
        token of another issuer; the state sealed; a program that is told."""
        secret, key = self.file("relay.secret", SECRET + "\n"), self.file("state.key", "0a" * 32 + "\n")
        pem = self.file("relay.pem", "")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{pem}.key", "-out",
                        pem, "-subj", "/CN=relay", "-days", "300"], check=True, capture_output=True)
        self.file("relay.pem", pathlib.Path(pem).read_text() + pathlib.Path(f"{pem}.key").read_text())
        ca = pathlib.Path(self.tenant.ca).read_text(encoding="utf-8")
        own = self.file("ca.pem", ca, 0o644)
        with open("/etc/ssl/certs/ca-certificates.crt", "a", encoding="utf-8") as store:
            store.write(ca)
        self.token.write_text("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", encoding="ascii")
        tell = self.file("tell", "#!/bin/sh\necho told $SASL_ENTRA_ACCOUNT | cat >&2\n", 0o755)
        os.chown(tell, 0, 0)
        named = self.tenant.authority.replace("127.0.0.1", "localhost")
        common = ("tenant = contoso.onmicrosoft.com\nclient_id = 00001111-aaaa-2222-bbbb-3333cccc4444\n"
                  f"on_problem = {tell}\n")
        self.config.write_text(
            f"[defaults]\nstate_key_file = {key}\n"
            f"[account relay]\nmatch = *@contoso.com\n{common}credential = secret\nclient_secret_file = {secret}\n"
            f"authority = {named}\n"
            f"[account certificate]\nmatch = *@contoso.net\n{common}credential = certificate\ncertificate = {pem}\n"
            f"authority = {self.tenant.authority}\nca_file = {own}\n"
            f"[account pod]\nmatch = *@contoso.org\n{common}credential = federated\n"
            f"federated_token_file = {self.token}\n"
            f"authority = {self.tenant.authority}\nca_file = {own}\n", encoding="utf-8")
        self.config.chmod(0o644)
        self.tenant.control("apps", {"apps": [{
            "client_id": "00001111-aaaa-2222-bbbb-3333cccc4444", "token_lifetime": 3600,
            "certificates": [{"pem": pem.read_text()[:pem.read_text().index("-----BEGIN PRIVATE")]}]}]})

    def begin(self, *program):
        agent = self.start("--user", USER.pw_name, "--socket", str(self.socket_path), "--socket",
                           f"{self.inside},{GROUP.gr_name},0666", program=(*program, str(self.program)),
                           env={**os.environ, "NOTIFY_SOCKET": "/run/systemd/notify"})
        agent.wait_for(f"listening at {self.inside}")
        return agent

    def live(self, agent, pid):
        """Tokens of each kind of credential, reading again, status, renewal, a trouble that is told of."""
        for login in ("relay@contoso.com", "alerts@contoso.net"):
            self.assertEqual(wire.ask(str(self.socket_path), login)["kind"], "answer", agent.log)
        self.assertEqual(wire.ask(self.inside, "relay@contoso.com")["kind"], "answer")
        self.assertEqual(wire.ask(self.inside, "pod@contoso.org")["kind"], "error")
        os.kill(pid, signal.SIGHUP)
        agent.wait_for("read again")
        self.assertEqual(wire.ask(str(self.socket_path), "", operation=wire.STATUS)["kind"], "answer")
        self.assertEqual(wire.ask(str(self.socket_path), "relay", operation=wire.REFRESH)["kind"], "answer", agent.log)
        agent.wait_for("told pod")
        self.assertTrue(list(self.state.glob("*.json")))

    def process(self, agent):
        return int(run("pgrep", "-P", str(agent.pid)).stdout.split()[0])

    def traced(self):
        """Two lives; the first one ends in a way that leaves its sockets to the second one."""
        text = ""
        for number in (signal.SIGKILL, signal.SIGTERM):
            log = self.place / f"trace.{number}"
            agent = self.begin("strace", "-f", "-qq", "-y", "-s", "4096", "-e", TRACED, "-e", "signal=none", "-o",
                               str(log))
            pid = self.process(agent)
            self.live(agent, pid)
            os.kill(pid, number)
            agent.exit()
            text += log.read_text(encoding="utf-8", errors="replace")
            self.tenant.control("reset", {})
            self.credentials()
        return Trace(text)

    def test_parser(self):
        """apparmor_parser compiles it without a warning"""
        result = parser("--warn=all", "--Werror", str(PROFILE))
        said = [line for line in result.stderr.splitlines() if not line.startswith("Cache read/write disabled")]
        self.assertEqual((result.returncode, said), (0, []))
        print("# the profile is compiled, and compared with two traced lives of the agent; no kernel enforced it here")

    def test_life(self):
        """all that two lives open, write, lock, map, run and connect to is allowed, and the rules of ours are used"""
        profile, trace = Profile(), self.traced()
        self.assertGreater(len(trace.paths), 40)
        lacking = {path: profile.lacking(path, wanted) for path, wanted in trace.paths.items()
                   if path != str(self.program) and profile.lacking(path, wanted)}
        self.assertEqual(lacking, {})
        self.assertLessEqual({("unix", "stream"), ("unix", "dgram"), ("inet", "stream")}, trace.sockets)
        self.assertEqual([each for each in trace.sockets if not profile.network(*each)], [])
        own = re.findall(r"^ +([/@]\S+) \w+,$", PROFILE.read_text(encoding="utf-8"), re.M)
        known = variables(preprocessed())
        rules = [(path, FileRule.parse(expand(path, known) + " r,")) for path in own]
        self.assertGreater(len(rules), 12)
        unused = [path for path, rule in rules if not any(rule.path.match(each) for each in trace.paths)]
        # Only below /run does the agent make all of the path in a chroot.
        made = NOT_TRACED if str(self.socket_path).startswith("/run/") else (*NOT_TRACED, "/var/spool/postfix*/")
        self.assertEqual([path for path in unused if not any(each in path for each in made)], [])

    def test_capabilities(self):
        """root's agent lives with the capabilities that the profile has, and not with one less"""
        own = re.findall(r"^ +capability (\w+),", PROFILE.read_text(encoding="utf-8"), re.M)
        self.assertEqual(set(Profile().capabilities) - set(own), {"net_bind_service"})  # abstractions/nameservice
        keep = "--bounding-set=-all," + ",".join("+" + each for each in own)
        agent = self.begin("setpriv", keep)
        self.live(agent, agent.pid)
        agent.end()
        self.assertEqual(agent.count("warning: could"), 0, agent.log)
        for each in own:
            less = ",".join(["-all", *("+" + other for other in own if other != each)])
            result = subprocess.run(["setpriv", "--bounding-set=" + less, str(self.program), "--user", USER.pw_name],
                                    capture_output=True, text=True, timeout=20, check=False)
            self.assertNotEqual(result.returncode, 0, each)

    def test_refused(self):
        """what is none of its business: other people's secrets, its own configuration's writing, other programs"""
        profile = Profile()
        for path in ("/etc/shadow", "/etc/postfix/sasl_passwd", "/root/.ssh/id_rsa", "/home/anna/.mbsyncrc",
                     "/etc/ssl/private/ssl-cert-snakeoil.key", "/proc/1/environ", "/var/spool/postfix/maildrop/1"):
            self.assertEqual(profile.lacking(path, "r"), "r", path)
        for path in (str(self.config), str(self.program), "/etc/passwd", "/usr/bin/env", "/var/lib/other/file"):
            self.assertEqual(profile.lacking(path, "w"), "w", path)
        for path in ("/tmp/program", "/var/lib/sasl-entra/program", "/home/anna/program"):
            self.assertEqual(profile.lacking(path, "x"), "x", path)
        self.assertFalse(profile.network("packet", "raw") or profile.network("inet", "raw"))


if __name__ == "__main__":
    sys.exit(agent_case.main() if sys.argv[1:] == ["inside"] else private_root.enter(__file__, BUILD, SOURCE))
