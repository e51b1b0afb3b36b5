"""Builds what a Containerfile says without an engine: each instruction is a layer, an overlay's upper directory.

    image.py CONTAINERFILE CONTEXT BASE CACHE > image.json

BASE is the root directory that stands for debian:12. What the file has and this does not know is an error, so
that nothing is passed over. Layers are kept in CACHE by what made them, as an engine does; those that this
build did not need are removed. Needs root and overlayfs."""

import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

BASES = {"docker.io/library/debian:12"}

# A RUN has the machine's network, and processes of its own, which end with it.
RUN = """
set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
mount --bind /etc/resolv.conf "$1/etc/resolv.conf"
exec chroot "$1" /bin/sh -c 'cd "$1" && exec /bin/sh -c "$2"' sh "$2" "$3"
"""


class Refused(Exception):
    """The Containerfile has something that is not understood, or that does not work."""


def instructions(text):
    """(word, rest) of each; comment lines within a continued one are left out, as engines do."""
    lines = [line for line in text.splitlines() if not re.match(r"\s*#", line)]
    for logical in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        if logical.strip():
            word, _, rest = logical.strip().partition(" ")
            if "<<" in rest:
                raise Refused(f"{word}: here-documents are not known")
            yield word, re.sub(r"\s+", " ", rest.strip()) if word != "RUN" else rest.strip()


def exec_form(word, rest):
    try:
        value = json.loads(rest)
    except json.JSONDecodeError as error:
        raise Refused(f"{word}: {rest}: only the form with [\"...\"] is known") from error
    if not isinstance(value, list) or not value or not all(isinstance(part, str) for part in value):
        raise Refused(f"{word}: {rest}")
    return value


# --- the context ----------------------------------------------------------------------------------

def ignored(context):
    path = os.path.join(context, ".dockerignore")
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as file:
        patterns = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    for pattern in patterns:
        if pattern.startswith("!") or "**" in pattern:
            raise Refused(f".dockerignore: {pattern} is not known")
    return patterns


def context_files(context, source):
    """Paths relative to the context, sorted, of everything that a COPY of `source` takes."""
    patterns = ignored(context)
    top = os.path.normpath(os.path.join(context, source))
    if not os.path.lexists(top) or os.path.relpath(top, context).startswith(".."):
        raise Refused(f"COPY: {source} is not in the context")
    found = []
    for directory, names, files in os.walk(top) if os.path.isdir(top) else [(os.path.dirname(top), [], [os.path.basename(top)])]:
        def kept(name, directory=directory):
            relative = os.path.relpath(os.path.join(directory, name), context)
            return not any(fnmatch.fnmatch(relative, pattern) for pattern in patterns)
        names[:] = sorted(filter(kept, names))
        found += [os.path.relpath(os.path.join(directory, name), context) for name in files + names if kept(name)]
    if not found:
        raise Refused(f"COPY: nothing of {source} is left by .dockerignore")
    return sorted(found)


def digest_of(context, paths):
    digest = hashlib.sha256()
    for relative in paths:
        path = os.path.join(context, relative)
        status = os.lstat(path)
        digest.update(f"{relative}\0{status.st_mode:o}\0".encode())
        if os.path.islink(path):
            digest.update(os.readlink(path).encode())
        elif os.path.isfile(path):
            with open(path, "rb") as file:
                digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


# --- layers ---------------------------------------------------------------------------------------

class Builder:
    def __init__(self, context, base, cache):
        self.context, self.base, self.cache = os.path.abspath(context), os.path.abspath(base), os.path.abspath(cache)
        self.stages, self.used = {}, set()
        self.proxy = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
        os.makedirs(self.cache, exist_ok=True)

    def begin(self, name):
        self.name, self.layers = name, []
        self.key = hashlib.sha256(b"debian:12").hexdigest()
        self.config = {"env": {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, "workdir": "/",
                       "user": "root", "entrypoint": [], "cmd": [], "volumes": [], "ports": [], "stopsignal": "SIGTERM",
                       "healthcheck": None}

    def layer(self, what, make):
        """What `make(root)` leaves, as a layer, made or found."""
        self.key = hashlib.sha256(f"{self.key}\0{what}\0{json.dumps(self.config, sort_keys=True)}".encode()).hexdigest()
        directory = os.path.join(self.cache, self.key[:16])
        self.used.add(self.key[:16])
        if not os.path.exists(directory + ".done"):
            print(f"image: {what[:100]}", file=sys.stderr, flush=True)
            shutil.rmtree(directory, ignore_errors=True)
            for name in ("upper", "work", "root"):
                os.makedirs(os.path.join(directory, name))
            os.chmod(os.path.join(directory, "upper"), 0o755)
            root = os.path.join(directory, "root")
            lower = ":".join([*reversed(self.layers), self.base])
            subprocess.run(("mount", "-t", "overlay", "-o", f"lowerdir={lower},upperdir={directory}/upper,"
                            f"workdir={directory}/work", "overlay", root), check=True)
            try:
                make(root)
            finally:
                subprocess.run(("umount", root), check=True)
            with open(directory + ".done", "w", encoding="utf-8") as file:
                file.write(what + "\n")
        self.layers.append(os.path.join(directory, "upper"))

    # --- instructions

    def do_from(self, rest):
        match = re.fullmatch(r"(\S+)(?: AS ([a-z][a-z0-9_-]*))?", rest)
        if not match or match[1] not in BASES:
            raise Refused(f"FROM {rest}")
        self.keep()
        self.begin(match[2] or "")

    def do_env(self, rest):
        match = re.fullmatch(r"([A-Z_]+)=([^\s$\"']+)", rest)
        if not match:
            raise Refused(f"ENV {rest}: only NAME=VALUE is known")
        self.config["env"][match[1]] = match[2]

    def do_run(self, rest):
        if rest.startswith(("[", "--")) or self.config["user"] != "root":
            raise Refused(f"RUN {rest}: only a shell's command as root is known")

        def make(root):
            environment = {"HOME": "/root", **self.proxy, **self.config["env"]}
            subprocess.run(("unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", RUN, "sh", root,
                            self.config["workdir"], rest), env=environment, check=True, stdout=sys.stderr,
                           stdin=subprocess.DEVNULL)
        self.layer(f"RUN {rest}", make)

    def do_copy(self, rest):
        words = rest.split(" ")
        stage = words.pop(0)[len("--from="):] if words[0].startswith("--from=") else None
        if len(words) != 2 or words[0].startswith("--") or "$" in rest or not words[1].startswith("/"):
            raise Refused(f"COPY {rest}: only [--from=STAGE] SOURCE /TARGET is known")
        if stage is not None:
            self.copy_from_stage(rest, stage, *words)
        else:
            self.copy_from_context(rest, *words)

    def copy_from_stage(self, rest, stage, source, target):
        if stage not in self.stages:
            raise Refused(f"COPY {rest}: there is no such stage")
        before = self.stages[stage]

        def make(root):
            view = root + ".from"
            os.makedirs(view)
            lower = ":".join([*reversed(before["layers"]), self.base])
            subprocess.run(("mount", "-t", "overlay", "-o", f"lowerdir={lower}", "overlay", view), check=True)
            try:
                self.tar(view + source, ["."], root + target)
            finally:
                subprocess.run(("umount", view), check=True)
        self.layer(f"COPY {rest} {before['key']}", make)

    def copy_from_context(self, rest, source, target):
        paths = context_files(self.context, source)

        def make(root):
            if os.path.isdir(os.path.join(self.context, source)):
                if source != ".":
                    raise Refused(f"COPY {rest}: of directories only the whole context is known")
                self.tar(self.context, paths, root + target)
            else:
                path = root + target + (os.path.basename(source) if target.endswith("/") else "")
                os.makedirs(os.path.dirname(path), exist_ok=True)
                shutil.copyfile(os.path.join(self.context, source), path)
                os.chmod(path, os.stat(os.path.join(self.context, source)).st_mode & 0o777)
        self.layer(f"COPY {rest} {digest_of(self.context, paths)}", make)

    def tar(self, source, paths, target):
        os.makedirs(target, exist_ok=True)
        with subprocess.Popen(("tar", "-C", source, "--no-recursion" if paths != ["."] else "--recursion", "--owner=0", "--group=0",
                               "--null", "-T", "-", "-cf", "-"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as packer, \
                subprocess.Popen(("tar", "-C", target, "--keep-directory-symlink", "-xpf", "-"), stdin=packer.stdout) as unpacker:
            packer.stdout.close()
            packer.stdin.write("\0".join(paths).encode())
            packer.stdin.close()
            if unpacker.wait() != 0 or packer.wait() != 0:
                raise Refused(f"COPY to {target} failed")

    def do_workdir(self, rest):
        if not rest.startswith("/"):
            raise Refused(f"WORKDIR {rest}: only absolute ones are known")
        self.config["workdir"] = rest
        self.layer(f"WORKDIR {rest}", lambda root: os.makedirs(root + rest, exist_ok=True))

    def do_volume(self, rest):
        self.config["volumes"] += exec_form("VOLUME", rest)

    def do_expose(self, rest):
        self.config["ports"] += [int(port) for port in rest.split(" ")]

    def do_stopsignal(self, rest):
        if rest not in ("SIGTERM", "SIGINT", "SIGQUIT"):
            raise Refused(f"STOPSIGNAL {rest}")
        self.config["stopsignal"] = rest

    def do_healthcheck(self, rest):
        options, _, command = rest.partition("CMD ")
        for option in options.split():
            if not re.fullmatch(r"--(interval|timeout|start-period)=\d+s|--retries=\d+", option):
                raise Refused(f"HEALTHCHECK {option}")
        self.config["healthcheck"] = exec_form("HEALTHCHECK", command)

    def do_user(self, rest):
        if not re.fullmatch(r"[a-z][a-z0-9-]*|\d+", rest):
            raise Refused(f"USER {rest}")
        self.config["user"] = rest

    def do_entrypoint(self, rest):
        self.config["entrypoint"], self.config["cmd"] = exec_form("ENTRYPOINT", rest), []

    def do_cmd(self, rest):
        self.config["cmd"] = exec_form("CMD", rest)

    # --- the whole

    def keep(self):
        if hasattr(self, "layers"):
            self.stages[self.name] = {"layers": self.layers, "key": self.key}

    def build(self, text):
        todo = list(instructions(text))
        if not todo or todo[0][0] != "FROM":
            raise Refused("it does not begin with FROM")
        for word, rest in todo:
            method = getattr(self, f"do_{word.lower()}", None)
            if method is None or not word.isupper() or not rest:
                raise Refused(f"{word} is not known")
            method(rest)
        for name in os.listdir(self.cache):
            if name.split(".")[0] not in self.used:
                path = os.path.join(self.cache, name)
                shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)
        return {"layers": self.layers, "base": self.base, "config": self.config}


def main(containerfile, context, base, cache):
    with open(containerfile, encoding="utf-8") as file:
        text = file.read()
    try:
        json.dump(Builder(context, base, cache).build(text), sys.stdout, indent=1)
    except (Refused, subprocess.CalledProcessError, OSError) as error:
        print(f"{containerfile}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
