"""packaging/kubernetes and packaging/container: what is written there fits together, and fits the image and the tool.

Whether it works is tests/packaging/test_container.sh's matter."""

import os
import re
import subprocess
import sys
import unittest

SOURCE = os.environ.get("top_srcdir", ".")
BUILD = os.environ.get("top_builddir", ".")
sys.path[:0] = [os.path.join(SOURCE, "tests/tenant"), os.path.join(SOURCE, "tests/packaging")]
import tap  # noqa: E402

try:
    import yaml
except ImportError:
    print("1..0 # SKIP there is no python3-yaml")
    sys.exit(0)

MANIFESTS = os.path.join(SOURCE, "packaging/kubernetes")
CONTAINER = os.path.join(SOURCE, "packaging/container")

# What Kubernetes' "baseline" allows (Pod Security Standards).
BASELINE = {"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID",
            "SETPCAP", "SETUID", "SYS_CHROOT"}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


class Strict(yaml.SafeLoader):
    """A key that is there twice is an error: of two, one would be lost."""

    def construct_mapping(self, node, deep=False):
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            raise yaml.YAMLError(f"a key twice: {keys}")
        return super().construct_mapping(node, deep)


def documents(text):
    return list(yaml.load_all(text, Strict))


def main_cf(text):
    """Its parameters; one that is there twice is an error."""
    values = {}
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, _, value = line.partition("=")
            assert name.strip() not in values and not line[0].isspace(), line
            values[name.strip()] = value.strip()
    return values


class Manifests(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kustomization, = documents(read(MANIFESTS, "kustomization.yaml"))
        cls.objects = {}
        for name in cls.kustomization["resources"]:
            for value in documents(read(MANIFESTS, name)):
                cls.objects[value["kind"], value["metadata"]["name"]] = value
        cls.stateful = cls.objects["StatefulSet", "relay"]
        cls.template = cls.stateful["spec"]["template"]
        cls.pod = cls.template["spec"]
        cls.containers = {container["name"]: container for container in cls.pod["containers"]}
        cls.containerfile = read(CONTAINER, "Containerfile")

    def test_files(self):
        """the kustomization names every file, and the image's name is the containers'"""
        self.assertEqual(sorted([*self.kustomization["resources"], "kustomization.yaml"]), sorted(os.listdir(MANIFESTS)))
        names = {image["name"] for image in self.kustomization["images"]}
        self.assertEqual({container["image"] for container in self.containers.values()}, names)

    def test_fields(self):
        """apiVersion, kind and name of each; no namespace but the kustomization's"""
        versions = {"ServiceAccount": "v1", "Service": "v1", "ConfigMap": "v1", "StatefulSet": "apps/v1",
                    "NetworkPolicy": "networking.k8s.io/v1"}
        for (kind, name), value in self.objects.items():
            self.assertEqual(value["apiVersion"], versions[kind])
            self.assertRegex(name, r"^[a-z][a-z0-9-]*$")
            self.assertNotIn("namespace", value["metadata"])

    def test_labels(self):
        """selectors of the StatefulSet, the service and the policy select the pod"""
        labels = self.template["metadata"]["labels"]
        for selector in (self.stateful["spec"]["selector"]["matchLabels"], self.objects["Service", "relay"]["spec"]["selector"],
                         self.objects["NetworkPolicy", "relay"]["spec"]["podSelector"]["matchLabels"]):
            self.assertLessEqual(selector.items(), labels.items())
        self.assertEqual(self.stateful["spec"]["serviceName"], self.objects["Service", "relay"]["metadata"]["name"])

    def test_identity(self):
        """workload identity: the pod's label, the account's annotations, the agent alone"""
        self.assertEqual(self.template["metadata"]["labels"]["azure.workload.identity/use"], "true")
        account = self.objects["ServiceAccount", self.pod["serviceAccountName"]]
        self.assertIn("azure.workload.identity/client-id", account["metadata"]["annotations"])
        skipped = self.template["metadata"]["annotations"]["azure.workload.identity/skip-containers"].split(";")
        self.assertEqual(set(self.containers) - set(skipped), {"agent"})
        self.assertIs(self.pod["automountServiceAccountToken"], False)
        self.assertIn("federated_token_file = env", self.objects["ConfigMap", "relay-accounts"]["data"]["sasl-entra.conf"])

    def test_security(self):
        """read-only root, no new privileges, the capabilities that are written out, of baseline's"""
        for container in self.containers.values():
            security = container["securityContext"]
            self.assertIs(security["readOnlyRootFilesystem"], True)
            self.assertIs(security["allowPrivilegeEscalation"], False)
            self.assertEqual(security["capabilities"]["drop"], ["ALL"])
            self.assertLessEqual(set(security["capabilities"]["add"]), BASELINE)
        self.assertNotIn("fsGroup", self.pod["securityContext"])

    def test_volumes(self):
        """what is mounted is there; what is there is mounted; what a ConfigMap is asked for it has"""
        volumes = {volume["name"]: volume for volume in self.pod["volumes"]}
        claims = {claim["metadata"]["name"] for claim in self.stateful["spec"]["volumeClaimTemplates"]}
        mounts = [mount for container in self.containers.values() for mount in container["volumeMounts"]]
        self.assertEqual({mount["name"] for mount in mounts}, set(volumes) | claims)
        for mount in mounts:
            configmap = volumes.get(mount["name"], {}).get("configMap")
            if configmap:
                self.assertIn(mount["subPath"], self.objects["ConfigMap", configmap["name"]]["data"])
        for source in volumes["accounts"]["projected"]["sources"]:
            self.assertIn("sasl-entra.conf", self.objects["ConfigMap", source["configMap"]["name"]]["data"])
        self.assertEqual(volumes["accounts"]["projected"]["defaultMode"], 0o440)

    def test_mount_points(self):
        """every mount point is one of the image's: a volume, or something that is copied there"""
        volumes = set(yaml.safe_load(re.search(r"^VOLUME (.*)$", self.containerfile, re.M).group(1)))
        copied = set(re.findall(r"^COPY packaging/container/\S+ (/\S+)$", self.containerfile, re.M))
        there = volumes | copied | {os.path.dirname(path) for path in copied}
        writable = {mount["mountPath"] for container in self.containers.values() for mount in container["volumeMounts"]
                    if not mount.get("readOnly")}
        self.assertEqual(writable, volumes)
        for container in self.containers.values():
            for mount in container["volumeMounts"]:
                self.assertIn(mount["mountPath"], there)

    def test_ports(self):
        """the service's and the probes' ports are the containers', and the image's"""
        ports = {port["name"]: port["containerPort"] for container in self.containers.values() for port in container.get("ports", [])}
        self.assertEqual({port["targetPort"] for port in self.objects["Service", "relay"]["spec"]["ports"]}, set(ports))
        self.assertEqual(self.containers["postfix"]["livenessProbe"]["tcpSocket"]["port"], "smtp")
        self.assertEqual([str(port) for port in ports.values()], re.findall(r"^EXPOSE (\d+)$", self.containerfile, re.M))
        policy = self.objects["NetworkPolicy", "relay"]["spec"]
        self.assertEqual([port["port"] for rule in policy["ingress"] for port in rule["ports"]], ["smtp"])
        self.assertEqual({port["port"] for rule in policy["egress"] for port in rule["ports"]}, {53, 443, 587})

    def test_arguments(self):
        """the containers' arguments are what the entry point knows"""
        script = read(CONTAINER, "relay")
        for container in self.containers.values():
            word, = container["args"]
            self.assertRegex(script, rf"(?m)^  {word}\) ")

    def test_probes(self):
        """each probe's command line is one that the tool knows; its time is more than the tool's own"""
        probes = [container[kind]["exec"]["command"] for container in self.containers.values()
                  for kind in ("livenessProbe", "readinessProbe") if "exec" in container[kind]]
        probes.append(yaml.safe_load(re.search(r"HEALTHCHECK .*CMD (.*)$", self.containerfile, re.M).group(1)))
        self.assertEqual(len(probes), 4)
        for program, verb, *options in probes:
            self.assertEqual(program, "sasl-entra")
            known = subprocess.run((os.path.join(BUILD, "sasl-entra"), verb, "--help"), capture_output=True, text=True,
                                   check=True).stdout
            for option in options:
                self.assertRegex(known, rf"(?m)^ *{re.escape(option)}\b")
        for container in self.containers.values():
            for kind in ("livenessProbe", "readinessProbe"):
                if "exec" in container[kind]:
                    self.assertGreater(container[kind]["timeoutSeconds"], 20)

    def test_postfix(self):
        """the main.cf of the image and of the ConfigMap differ in what is the reader's alone; the map fits the relay host"""
        data = self.objects["ConfigMap", "relay-postfix"]["data"]
        ours, theirs = main_cf(read(CONTAINER, "main.cf")), main_cf(data["main.cf"])
        self.assertEqual({name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)}, {"myhostname", "mynetworks"})
        self.assertEqual(data["sasl_passwd"].split()[0], theirs["relayhost"])
        self.assertEqual(theirs["smtp_tls_security_level"], "secure")

    def test_guide(self):
        """the guide's other volume is one that takes the place of the pod's"""
        page = read(SOURCE, "doc/guide/kubernetes.md")
        volume, = documents(re.search(r"```accounts.yaml\n(.*?)```", page, re.S).group(1))
        mine = next(each for each in self.pod["volumes"] if each["name"] == volume["name"])
        self.assertEqual(volume["projected"]["sources"][0], mine["projected"]["sources"][0])
        self.assertEqual(volume["projected"]["defaultMode"], mine["projected"]["defaultMode"])


if __name__ == "__main__":
    sys.exit(tap.main())
