"""What kubelet, Azure's webhook and `podman run` do with the image, where there is none of them.

    pod.py up WORK PAUSE IMAGE TOKEN FILE.yaml...    the StatefulSet's pod, with all that it refers to
    pod.py podman WORK PAUSE IMAGE run ...           a container, by podman's command line
    pod.py probe WORK CONTAINER liveness|readiness   exit code: the program's, or 124
    pod.py exec WORK CONTAINER COMMAND...
    pod.py pid WORK CONTAINER | alive WORK CONTAINER | start WORK CONTAINER | stop WORK CONTAINER
    pod.py down WORK

WORK/etc has the files that an engine puts over the image's (hosts, resolv.conf, and whatever else a test puts
there), TOKEN the service account's token. Volumes are as kubelet makes them (pkg/volume/emptydir, configmap,
secret, projected): an emptyDir is 0777, 1777 in memory; a configMap lies in the former, a secret and what is
projected in the latter; files are links through ..data. A key that is not known here is an error."""

import argparse
import glob
import os
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from box import Box, image_of  # noqa: E402

TOKENS = "/var/run/secrets/azure/tokens"
WEBHOOK = "azure.workload.identity"

# What an engine gives a container that says nothing (Docker's and podman's common part).
DEFAULT_CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP",
                        "SETUID", "SYS_CHROOT")


class Unknown(Exception):
    """Something that this does not do."""


def known(what, value, *keys):
    left = set(value) - set(keys)
    if left:
        raise Unknown(f"{what}: {', '.join(sorted(left))}")


# --- volumes --------------------------------------------------------------------------------------

def write_payload(directory, payload):
    """As kubelet's AtomicWriter: files below a directory of their own, which ..data leads to. {name: (bytes, mode)}"""
    number = len(glob.glob(f"{directory}/..2*"))
    real = f"..2026_11_27_08_00_00.{number:010d}"
    os.mkdir(f"{directory}/{real}")
    os.chmod(f"{directory}/{real}", 0o755)
    for name, (data, mode) in payload.items():
        path = f"{directory}/{real}/{name}"
        with open(path, "wb") as file:
            file.write(data)
        os.chmod(path, mode)
        if not os.path.lexists(f"{directory}/{name}"):
            os.symlink(f"..data/{name}", f"{directory}/{name}")
    os.symlink(real, f"{directory}/..data_tmp")
    os.rename(f"{directory}/..data_tmp", f"{directory}/..data")


class Volumes:
    def __init__(self, work, objects, token):
        self.work, self.objects, self.token = work, objects, token

    def directory(self, name, in_memory):
        path = f"{self.work}/volumes/{name}"
        os.makedirs(path)
        if in_memory:
            subprocess.run(("mount", "-t", "tmpfs", "tmpfs", path), check=True)
        os.chmod(path, 0o1777 if in_memory else 0o777)
        return path

    def data(self, kind, name):
        found = self.objects.get((kind, name))
        if found is None:
            raise Unknown(f"there is no {kind} {name}")
        return {key: value.encode() for key, value in {**found.get("data", {}), **found.get("stringData", {})}.items()}

    def source(self, source, mode):
        (kind, value), = source.items()
        if kind == "serviceAccountToken":
            known(kind, value, "audience", "expirationSeconds", "path")
            with open(self.token, "rb") as file:
                return {value["path"]: (file.read(), mode)}
        known(kind, value, "name")
        wanted = {"configMap": "ConfigMap", "secret": "Secret"}[kind]
        return {key: (data, mode) for key, data in self.data(wanted, value["name"]).items()}

    def make(self, volume):
        kinds = set(volume) - {"name"}
        if len(kinds) != 1:
            raise Unknown(f"volume {volume}")
        kind, = kinds
        value, name = volume[kind], volume["name"]
        if kind == "emptyDir":
            known(kind, value, "medium", "sizeLimit")
            return self.directory(name, value.get("medium") == "Memory")
        if kind == "configMap":
            known(kind, value, "name")
            path, sources, mode = self.directory(name, False), [{"configMap": {"name": value["name"]}}], 0o644
        elif kind == "secret":
            known(kind, value, "secretName", "defaultMode")
            path, sources = self.directory(name, True), [{"secret": {"name": value["secretName"]}}]
            mode = value.get("defaultMode", 0o644)
        elif kind == "projected":
            known(kind, value, "sources", "defaultMode")
            path, sources, mode = self.directory(name, True), value["sources"], value.get("defaultMode", 0o644)
        else:
            raise Unknown(f"volume {kind}")
        payload = {}
        for source in sources:
            payload.update(self.source(source, mode))
        write_payload(path, payload)
        return path


# --- a pod ----------------------------------------------------------------------------------------

def read_objects(files):
    objects = {}
    for path in files:
        with open(path, encoding="utf-8") as file:
            for value in yaml.safe_load_all(file):
                objects[value["kind"], value.get("metadata", {}).get("name")] = value
    return objects


def webhook(template, account):
    """Changes the pod as Azure's workload identity webhook does (azure-workload-identity, pkg/webhook)."""
    if template["metadata"].get("labels", {}).get(f"{WEBHOOK}/use") != "true":
        return
    annotations = account["metadata"]["annotations"]
    skipped = template["metadata"].get("annotations", {}).get(f"{WEBHOOK}/skip-containers", "").split(";")
    spec = template["spec"]
    for container in spec["containers"]:
        if container["name"] in skipped:
            continue
        container.setdefault("env", []).extend({"name": name, "value": value} for name, value in (
            ("AZURE_CLIENT_ID", annotations[f"{WEBHOOK}/client-id"]), ("AZURE_TENANT_ID", annotations[f"{WEBHOOK}/tenant-id"]),
            ("AZURE_FEDERATED_TOKEN_FILE", f"{TOKENS}/azure-identity-token"),
            ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/")))
        container.setdefault("volumeMounts", []).append(
            {"name": "azure-identity-token", "mountPath": TOKENS, "readOnly": True})
    spec["volumes"].append({"name": "azure-identity-token", "projected": {"sources": [{"serviceAccountToken": {
        "audience": "api://AzureADTokenExchange", "expirationSeconds": 3600, "path": "azure-identity-token"}}]}})


def mounts_of(container, volumes):
    mounts = []
    for mount in container["volumeMounts"]:
        known("volumeMount", mount, "name", "mountPath", "subPath", "readOnly")
        source = volumes[mount["name"]]
        if "subPath" in mount:
            source = os.path.join(source, mount["subPath"])
            if not os.path.lexists(source):
                os.mkdir(source)
                os.chmod(source, os.stat(os.path.dirname(source)).st_mode & 0o777)
            source = os.path.realpath(source)
        mounts.append((source, mount["mountPath"], mount.get("readOnly", False)))
    return mounts


def engine_mounts(work):
    """The files of WORK/etc, over those of the image."""
    return [(path, path[len(work):], True) for path in sorted(glob.glob(f"{work}/etc/**", recursive=True)) if os.path.isfile(path)]


def box_of(container, image, work, pause, volumes):
    known("container", container, "name", "image", "args", "env", "ports", "securityContext", "livenessProbe", "readinessProbe",
          "resources", "volumeMounts")
    security = container["securityContext"]
    known("securityContext", security, "readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities")
    if security["capabilities"].get("drop") != ["ALL"]:
        raise Unknown("capabilities that are not written out")
    return Box.make(container["name"], image, work, pause, argv=[*image["config"]["entrypoint"], *container["args"]],
                    env={variable["name"]: variable["value"] for variable in container.get("env", [])},
                    mounts=[*engine_mounts(work), *mounts_of(container, volumes)], capabilities=security["capabilities"].get("add", []),
                    no_new_privs=security.get("allowPrivilegeEscalation") is False,
                    read_only=security.get("readOnlyRootFilesystem") is True)


def up(work, pause, image, token, *files):
    objects = read_objects(files)
    (stateful,) = (value for (kind, _), value in objects.items() if kind == "StatefulSet")
    template, spec = stateful["spec"]["template"], stateful["spec"]["template"]["spec"]
    known("pod", spec, "serviceAccountName", "automountServiceAccountToken", "enableServiceLinks", "terminationGracePeriodSeconds",
          "securityContext", "containers", "volumes")
    known("the pod's securityContext", spec["securityContext"], "seccompProfile")
    webhook(template, objects["ServiceAccount", spec["serviceAccountName"]])
    maker = Volumes(work, objects, token)
    volumes = {volume["name"]: maker.make(volume) for volume in spec["volumes"]}
    for claim in stateful["spec"]["volumeClaimTemplates"]:
        volumes[claim["metadata"]["name"]] = path = maker.directory(claim["metadata"]["name"], False)
        os.chmod(path, 0o755)
        os.mkdir(f"{path}/lost+found", 0o700)
    for container in spec["containers"]:
        box = box_of(container, image_of(image), work, int(pause), volumes)
        box.probes = {kind: container[f"{kind}Probe"] for kind in ("liveness", "readiness")}
        box.ports = {port["name"]: port["containerPort"] for port in container.get("ports", [])}
        if not box.start():
            raise Unknown(f"{box.name} does not start")


def probe(box, kind):
    value = box.probes[kind]
    known("probe", value, "exec", "tcpSocket", "initialDelaySeconds", "periodSeconds", "timeoutSeconds")
    if "exec" in value:
        return box.run(value["exec"]["command"], timeout=value.get("timeoutSeconds", 1))
    port = value["tcpSocket"]["port"]
    connect = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), timeout=1)"
    return subprocess.run(("nsenter", f"--net=/proc/{box.pause}/ns/net", "--", sys.executable, "-c", connect,
                           str(box.ports.get(port, port))), check=False).returncode


# --- podman ---------------------------------------------------------------------------------------

def podman(work, pause, image, *words):
    parser = argparse.ArgumentParser(prog="podman run", allow_abbrev=False)
    parser.add_argument("-d", "--detach", action="store_true", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--read-only", action="store_true")
    parser.add_argument("--security-opt", choices=("no-new-privileges",))
    parser.add_argument("--cap-drop", choices=("all",))
    parser.add_argument("--cap-add", default="")
    parser.add_argument("--tmpfs", action="append", default=[])
    parser.add_argument("-v", "--volume", action="append", default=[])
    parser.add_argument("-e", "--env", action="append", default=[])
    parser.add_argument("-p", "--publish", action="append", default=[])
    parser.add_argument("image")
    parser.add_argument("args", nargs="*")
    if words[0] != "run":
        raise Unknown(f"podman {words[0]}")
    wanted = parser.parse_args(words[1:])
    found = image_of(image)
    maker, mounts = Volumes(work, {}, None), engine_mounts(work)
    for target in wanted.tmpfs:
        mounts.append((maker.directory("tmpfs" + target.replace("/", "_"), True), target, False))
    for volume in wanted.volume:
        source, target, *options = volume.split(":")
        if not source.startswith(("/", ".")):
            os.makedirs(f"{work}/volumes/{source}")  # a named one: the image's directory, at first
            source = f"{work}/volumes/{source}"
        mounts.append((os.path.realpath(source), target, options == ["ro"]))
    added = [name.upper() for name in wanted.cap_add.split(",") if name]
    box = Box.make(wanted.name, found, work, int(pause), argv=[*found["config"]["entrypoint"], *(wanted.args or found["config"]["cmd"])],
                   env=dict(pair.split("=", 1) for pair in wanted.env), mounts=mounts,
                   capabilities=added if wanted.cap_drop else [*DEFAULT_CAPABILITIES, *added],
                   no_new_privs=wanted.security_opt is not None, read_only=wanted.read_only)
    box.probes = {"health": {"exec": {"command": found["config"]["healthcheck"]}, "timeoutSeconds": 25}}
    if not box.start():
        raise Unknown(f"{box.name} does not start")


# --- the command line -----------------------------------------------------------------------------

def down(work):
    for path in glob.glob(f"{work}/*.box"):
        Box.load(work, os.path.basename(path)[:-len(".box")]).stop()
    for path in glob.glob(f"{work}/volumes/*"):
        if os.path.ismount(path):
            subprocess.run(("umount", "-l", path), check=False)


def main(verb, work, *rest):
    if verb == "up":
        return up(work, *rest)
    if verb == "podman":
        return podman(work, *rest)
    if verb == "down":
        return down(work)
    box = Box.load(work, rest[0])
    if verb == "probe":
        return probe(box, rest[1])
    if verb == "exec":
        return box.run(list(rest[1:]))
    if verb == "pid":
        return print(box.pid)
    return {"alive": lambda: not box.alive(), "start": lambda: not box.start(), "stop": box.stop}[verb]()


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Unknown as error:
        sys.exit(f"pod: {error}")
