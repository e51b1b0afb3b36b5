"""A container without an engine: a read-only overlay of an image's layers, mounts, capabilities, namespaces.

The engine's own part is done as engines do it: mount points are made above the image before the root is
made read-only, /dev has the usual devices, /etc/hosts, /etc/resolv.conf and /etc/hostname are the engine's."""

import json
import os
import shlex
import signal
import subprocess
import time

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")


def image_of(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Box:
    """What it is made of, as the members of a JSON object, so that other processes can enter it."""

    def __init__(self, **members):
        self.__dict__.update({"pid": 0, "outer": 0, **members})

    @classmethod
    def make(cls, name, image, work, pause, *, argv, env, mounts, capabilities, no_new_privs, read_only):
        """`mounts`: (source, target, read-only); `pause`: the process that holds the network."""
        return cls(name=name, image=image, work=work, pause=pause, argv=argv, env={**image["config"]["env"], **env},
                   mounts=mounts, capabilities=capabilities, no_new_privs=no_new_privs, read_only=read_only)

    def save(self):
        with open(os.path.join(self.work, f"{self.name}.box"), "w", encoding="utf-8") as file:
            json.dump(self.__dict__, file)

    @classmethod
    def load(cls, work, name):
        with open(os.path.join(work, f"{name}.box"), encoding="utf-8") as file:
            return cls(**json.load(file))

    # --- its root

    def script(self):
        root = os.path.join(self.work, f"{self.name}.root")
        above = os.path.join(self.work, f"{self.name}.above")
        lower = ":".join([*reversed(self.image["layers"]), self.image["base"]])
        lines = [
            "set -e", "mount --make-rprivate /", f"mkdir -p {root} {above}", f"mount -t tmpfs -o mode=755 tmpfs {above}",
            f"mkdir {above}/upper {above}/work",
            f"mount -t overlay -o lowerdir={lower},upperdir={above}/upper,workdir={above}/work overlay {root}",
            f"mount -t proc proc {root}/proc", f"mount -t tmpfs -o mode=755 tmpfs {root}/dev",
            f"ln -s /proc/self/fd {root}/dev/fd", f"ln -s fd/0 {root}/dev/stdin", f"ln -s fd/1 {root}/dev/stdout",
            f"ln -s fd/2 {root}/dev/stderr"]
        for device in DEVICES:
            lines += [f": > {root}/dev/{device}", f"mount --bind /dev/{device} {root}/dev/{device}"]
        for source, target, read_only in self.mounts:
            source, target = shlex.quote(source), shlex.quote(target)
            lines += [
                f'if [ -d {source} ]; then chroot {root} mkdir -p {target}; else chroot {root} mkdir -p "$(dirname {target})"; '
                f"chroot {root} test -e {target} || chroot {root} touch {target}; fi",
                f'to={root}$(chroot {root} realpath {target})', f'mount --bind {source} "$to"']
            if read_only:
                lines.append('mount -o remount,bind,ro "$to"')
        if self.read_only:
            lines.append(f"mount -o remount,ro {root}")
        lines.append("exec " + shlex.join(["chroot", root, *self.inside(self.argv)]))
        return "\n".join(lines)

    def inside(self, argv):
        """As root of the container: what the capabilities let that be, and its environment alone."""
        bounding = ",".join(["-all", *(f"+{name.lower()}" for name in self.capabilities)])
        return ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in self.env.items()), "/usr/bin/setpriv", "--clear-groups",
                "--inh-caps=-all", f"--bounding-set={bounding}", *(["--no-new-privs"] if self.no_new_privs else []), *argv]

    # --- its life

    def start(self):
        with open(os.path.join(self.work, "log", self.name), "ab") as log:
            process = subprocess.Popen(
                ("nsenter", f"--net=/proc/{self.pause}/ns/net", f"--uts=/proc/{self.pause}/ns/uts", "--", "unshare", "--mount",
                 "--pid", "--ipc", "--fork", "--kill-child", "sh", "-c", self.script()),
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        self.outer = process.pid
        for _ in range(100):
            found = subprocess.run(("pgrep", "-P", str(process.pid)), capture_output=True, text=True, check=False).stdout.split()
            if found and self.entered(int(found[0])):
                self.pid = int(found[0])
                break
            time.sleep(0.05)
        self.save()
        return self.pid != 0

    def entered(self, pid):
        """It has its root, which the program is started in."""
        try:
            return os.readlink(f"/proc/{pid}/root") != "/"
        except OSError:
            return False

    def alive(self):
        try:
            with open(f"/proc/{self.pid}/stat", encoding="ascii") as file:
                return file.read().rsplit(")", 1)[1].split()[0] != "Z"
        except OSError:
            return False

    def run(self, argv, timeout=60, **more):
        """A program in it, as `exec` of an engine does; 124 when its time is up, as kubelet's probes count it."""
        enter = ("nsenter", "--target", str(self.pid), "--mount", "--pid", "--net", "--ipc", "--uts", "--root", "--wd", "--")
        return subprocess.run(("timeout", "-k", "2", str(timeout), *enter, *self.inside(argv)), stdin=subprocess.DEVNULL, check=False,
                              **more).returncode

    def stop(self, grace=20):
        for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, 5)):
            if self.alive():
                os.kill(self.pid, number)
            deadline = time.monotonic() + seconds
            while self.alive() and time.monotonic() < deadline:
                time.sleep(0.05)
