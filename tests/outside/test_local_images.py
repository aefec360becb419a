"""Images built by local mode with its default configuration: its own profile, and both Docker clients."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest

from checker import lacking
from cloud import job
from engine import NEWER
from images import BASE, dockerfiles, reference, run
from program import environment

__all__ = ["dockerfiles"]


@pytest.fixture(scope="module", params=["programs", "newer_programs"])
def machine(request, engine, start_local):
    """Local mode with no configuration other than the registry 127.0.0.1:5000, with each Docker client in turn."""
    absent = [program for program in NEWER if not os.access(program, os.X_OK)]
    if request.param == "newer_programs" and absent:
        lacking(f"not installed: {', '.join(absent)}; .ci/engine installs them")
    path = f"{getattr(engine, request.param)}:{os.environ['PATH']}"
    local = start_local(PATH=path, DOCKER_HOST=engine.host, SLIPWAY__PROFILES__DEFAULT__REGISTRY=engine.registry)
    yield local
    local.program.end()


@pytest.fixture
def build(machine, unique):
    def build(url, images, **more):
        machine.cloud.send(job(unique, url, images=images, **more))
        return machine.subscriber.event(f"{unique}/finished", 180)["data"]

    return build


def test_local_mode_builds_images(engine, build, dockerfiles):
    read = "RUN --mount=type=secret,id=A sha256sum </run/secrets/A >/seen\n"
    env = [{"name": "A", "value": "a value\n"}, {"name": "DOCKER_HOST", "value": "tcp://sender.test"}]
    data = build(dockerfiles(Dockerfile=BASE + read), [{"name": "local", "secrets": ["A"]}], env=env)
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    [image] = data["images"]
    assert image == {"reference": reference(engine, "local"), "digest": engine.digest("local", "latest")}
    engine.docker("pull", "--quiet", image["reference"])
    assert run(engine, image["reference"], "cat", "/seen").split()[0] == hashlib.sha256(b"a value\n").hexdigest()


def test_a_repository_planted_in_the_context_runs_no_command(engine, build, dockerfiles):
    url = dockerfiles(Dockerfile="FROM scratch\n")
    folder = Path(url.removeprefix("file://"))
    owned = planted(folder, "sub")
    [inner] = folder.glob("sub/inner")
    asked = ["git", "-C", inner, "show", "--format=%H", "HEAD", "--quiet"]
    subprocess.run(asked, env=environment(), capture_output=True, check=False)
    assert owned.exists(), "without the protection, git runs the command"
    owned.unlink()
    data = build(url, [{"name": "planted", "context": "sub/inner"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    assert not owned.exists()


def planted(folder, name):
    """Creates a bare repository that has a context, and a command that git runs to fetch missing objects. Returns the file that the command
    writes."""
    owned, bare = folder.parent / f"{folder.name}-owned", folder / name
    (bare / "inner").mkdir(parents=True)
    (bare / "inner" / "Dockerfile").write_text("FROM scratch\nCOPY Dockerfile /\n")
    for part in ("objects", "refs"):
        (bare / part).mkdir()
        (bare / part / "kept").write_text("")
    (bare / "HEAD").write_text("1234567890123456789012345678901234567890\n")
    (bare / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tbare = false\n\tworktree = inner\n[extensions]\n\tpartialClone = evil\n"
        f'[remote "evil"]\n\turl = ext::sh -c "touch% {owned}"\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n'
    )
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for arguments in (["add", "."], ["commit", "-qm", "Planted"]):
        subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, env=environment())
    return owned
