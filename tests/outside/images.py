"""Sources of images, and the images in the registry."""

import shutil
import subprocess

import pytest

from engine import BUSYBOX
from program import environment

# A base image that needs no registry: a static busybox with its applets in the PATH.
BASE = """\
FROM scratch AS base
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-c"]
RUN ["/bin/busybox", "--install", "-s", "/bin"]
"""


@pytest.fixture
def dockerfiles(repository):
    """A function that creates a repository with files and this machine's busybox."""

    def make(**files):
        url = repository("", **{name.replace("__", "."): text for name, text in files.items()})
        folder = url.removeprefix("file://")
        shutil.copy(BUSYBOX, f"{folder}/busybox")
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        for arguments in (["add", "."], ["commit", "-qm", "The base"]):
            subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, env=environment())
        return url

    return make


def reference(engine, name, tag="latest"):
    return f"{engine.registry}/{name}:{tag}"


def run(engine, image, *command):
    return engine.docker("run", "--rm", "--network", "none", image, *command).stdout
