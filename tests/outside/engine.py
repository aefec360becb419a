"""A Docker engine and a registry for the tests, on this machine only."""

import json
import os
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from waiting import until

# The engine's bridge, and this machine's address on it, by which containers reach the servers of the tests.
BRIDGE, GATEWAY = Path("/sys/class/net/docker0"), "10.213.7.1"
# They are in Debian's packages docker.io, docker-registry, iptables and busybox-static. This client, version 20.10, has BuildKit built in.
# A newer one, which .ci/engine takes from Debian's next release, needs the buildx plugin.
DAEMON, CLIENT, REGISTRY, BUSYBOX = "/usr/sbin/dockerd", "/usr/bin/docker", "/usr/bin/docker-registry", "/bin/busybox"
NEWER = ("/opt/slipway-tests/docker", "/usr/libexec/docker/cli-plugins/docker-buildx")


def missing():
    """The reason why no engine can run here; `None` if there is none."""
    if os.geteuid() != 0:
        return "only root can start a Docker engine"
    absent = [program for program in (DAEMON, CLIENT, REGISTRY, BUSYBOX) if not os.access(program, os.X_OK)]
    return f"not installed: {', '.join(absent)}" if absent else None


class Engine:
    """A running engine and its registry."""

    def __init__(self, folder, port):
        self.folder, self.registry = folder, f"127.0.0.1:{port}"
        self.host = f"unix://{folder}/docker.sock"
        self._started = []
        self._bridged = BRIDGE.exists()
        # Two folders for the beginning of a build's PATH: one with the client of this version, and one with a newer client.
        self.programs, self.newer_programs = folder / "bin", folder / "newer"
        for programs, client in ((self.programs, CLIENT), (self.newer_programs, NEWER[0])):
            programs.mkdir()
            (programs / "docker").symlink_to(client)

    def start(self):
        settings = self.folder / "registry.yml"
        storage = {"filesystem": {"rootdirectory": str(self.folder / "registry")}, "delete": {"enabled": True}}
        settings.write_text(json.dumps({"version": 0.1, "storage": storage, "http": {"addr": self.registry}}))
        self._start("registry", REGISTRY, "serve", settings)
        # The engine does not change the machine's firewall and routing: builds reach this machine, and nothing else.
        quiet = ["--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", f"--bip={GATEWAY}/24"]
        places = ["--data-root", self.folder / "data", "--exec-root", self.folder / "exec", "--pidfile", self.folder / "pid"]
        engine = self._start("dockerd", DAEMON, "--host", self.host, *places, *quiet)

        def answers():
            if engine.poll() is not None:
                raise AssertionError(f"the engine ended with {engine.returncode}:\n{self.log('dockerd')}")
            return self.docker("version", check=False).returncode == 0

        until(answers, "the engine's answer", 60)
        until(self._registry_answers, "the registry's answer", 30)

    def _start(self, name, *command):
        with (self.folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen([*map(str, command)], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._started.append(child)
        return child

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")[-4000:]

    def _registry_answers(self):
        try:
            return urllib.request.urlopen(f"http://{self.registry}/v2/", timeout=5).status == 200
        except OSError:
            return False

    def end(self):
        for child in reversed(self._started):
            child.send_signal(signal.SIGTERM)
            try:
                child.wait(30)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
        if not self._bridged and BRIDGE.exists():
            subprocess.run(["ip", "link", "delete", BRIDGE.name], check=False)
        # A container on the machine's own network leaves a mount.
        for left in (self.folder / "exec" / "netns").glob("*"):
            subprocess.run(["umount", left], check=False, capture_output=True)
        shutil.rmtree(self.folder / "data", ignore_errors=True)

    def docker(self, *arguments, check=True, **variables):
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "DOCKER_HOST": self.host, **variables}
        command = [CLIENT, *map(str, arguments)]
        answer = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=120, check=False)
        assert not check or answer.returncode == 0, answer.stderr
        return answer

    def digest(self, name, tag):
        """The digest of an image in the registry; `None` if the image is not there."""
        types = ["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.oci.image.manifest.v1+json"]
        request = urllib.request.Request(f"http://{self.registry}/v2/{name}/manifests/{tag}", headers={"Accept": ", ".join(types)})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.headers["Docker-Content-Digest"]
        except urllib.error.HTTPError as error:
            assert error.code == 404, error
            return None
