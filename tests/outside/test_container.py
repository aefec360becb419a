"""The daemon's image, built by the Dockerfile and run like a container scheduler would."""

import json
import re
import shutil
import subprocess
import tarfile

import pytest

import account
from checker import check, checkov, lacking, there
from cloud import Cloud, Subscriber, job
from engine import BUSYBOX
from grace import default_grace, last_calls
from program import ROOT, SCRIPTS, TARGET, environment
from waiting import until

# The output of .ci/program.
PROGRAM = TARGET / "image" / "slipway"
MEGABYTE = 1_000_000
# The options in the Dockerfile's header.
CLOSED = ["--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"]

# Replaces the image with the compiler, which would take minutes. Its cargo records its calls, and has the program ready.
CARGO = """\
#!/bin/sh
set -eu
echo "$*" >>/asked
case $1 in
  build) [ ! -s src/lib.rs ] ;;
  rustc) [ -s src/lib.rs ] && [ src/main.rs -nt Cargo.toml ] && mkdir -p target/release && cp /program target/release/slipway ;;
esac
"""
BASE = """\
FROM scratch
COPY busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]
COPY cargo /usr/local/bin/cargo
COPY authority.pem /etc/ssl/certs/ca-certificates.crt
COPY program /program
"""


@pytest.fixture(scope="module")
def compiler(engine, certificates, tmp_path_factory):
    """The base image of the build, under a name."""
    there(PROGRAM, ".ci/program makes it")
    youngest = max(file.stat().st_mtime for file in [ROOT / "Cargo.lock", *(ROOT / "src").rglob("*.rs")])
    if PROGRAM.stat().st_mtime < youngest:
        lacking(f"{PROGRAM} is older than the sources: .ci/program makes it")
    folder = tmp_path_factory.mktemp("compiler")
    shutil.copy(BUSYBOX, folder / "busybox")
    shutil.copy(PROGRAM, folder / "program")
    shutil.copy(certificates / "authority.pem", folder / "authority.pem")
    (folder / "cargo").write_text(CARGO)
    (folder / "cargo").chmod(0o755)
    (folder / "Dockerfile").write_text(BASE)
    engine.docker("build", "--tag", "compiler", folder, DOCKER_BUILDKIT="1")
    return "compiler"


def build(engine, compiler, name, *more, buildkit="1"):
    arguments = ["--build-arg", f"RUST={compiler}", "--tag", name, *more, ROOT]
    return engine.docker("build", *arguments, DOCKER_BUILDKIT=buildkit).stdout


@pytest.fixture(scope="module")
def image(engine, compiler):
    """The image, as the Dockerfile makes it."""
    build(engine, compiler, "slipway", "--build-arg", "VERSION=1.2.3", "--build-arg", "REVISION=0123abc")
    return "slipway"


def inspect(engine, thing):
    [found] = json.loads(engine.docker("inspect", thing).stdout)
    return found


def files(engine, image, folder):
    """The files of an image by name. The engine itself adds some to a container."""
    container = engine.docker("create", image).stdout.strip()
    archive = folder / "image.tar"
    engine.docker("export", "--output", archive, container)
    engine.docker("rm", container)
    with tarfile.open(archive) as tar:
        members = {member.name: member for member in tar if not member.isdir()}
    given = {".dockerenv", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf", "dev/console"}
    return {name: member for name, member in members.items() if name not in given}


def test_the_image_has_only_the_program_and_its_files_and_is_small(engine, image, tmp_path):
    found = files(engine, image, tmp_path)
    assert set(found) == {"usr/bin/slipway", "etc/ssl/certs/ca-certificates.crt", "usr/share/slipway/buildspec.yml"}
    assert {name for name, member in found.items() if member.mode & 0o111} == {"usr/bin/slipway"}
    assert not [name for name, member in found.items() if member.mode & 0o022], "writable by others"
    assert {(member.uid, member.gid) for member in found.values()} == {(0, 0)}, "it cannot change itself"
    assert inspect(engine, image)["Size"] < 40 * MEGABYTE


def test_the_image_has_its_entry_point_user_and_health_check(engine, image):
    config = inspect(engine, image)["Config"]
    assert (config["User"], config["StopSignal"]) == ("65532:65532", "SIGTERM")
    assert (config["Entrypoint"], config["Cmd"]) == (["/usr/bin/slipway"], ["run"])
    assert config["Healthcheck"]["Test"] == ["CMD", "/usr/bin/slipway", "healthcheck"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert (labels["version"], labels["revision"], labels["licenses"]) == ("1.2.3", "0123abc", "MIT OR Apache-2.0")
    [timeout] = re.findall(r"--stop-timeout (\d+)", (ROOT / "Dockerfile").read_text())
    assert int(timeout) > default_grace() + last_calls()


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic", "buildkit"])
def test_the_build_compiles_the_dependencies_first_and_gets_only_the_sources(engine, compiler, tmp_path, buildkit):
    said = build(engine, compiler, f"stage-{buildkit}", "--target", "build", buildkit=buildkit)
    if buildkit == "0":
        [size, unit] = re.findall(r"Sending build context to Docker daemon\s+([\d.]+)(\w+)", said)[-1]
        assert unit == "kB" or float(size) < 4, "the context must have only the sources"
    container = engine.docker("create", f"stage-{buildkit}", "none").stdout.strip()
    engine.docker("cp", f"{container}:/source", tmp_path / "source")
    engine.docker("cp", f"{container}:/asked", tmp_path / "asked")
    engine.docker("rm", container)
    features = "--locked --no-default-features"
    dependencies, program = (tmp_path / "asked").read_text().splitlines()
    assert dependencies == f"build --release {features}"
    assert program == f"rustc --release {features} --bin slipway -- -C target-feature=+crt-static"
    like = (ROOT / ".ci" / "program").read_text()
    assert "--locked --bin slipway --example send --no-default-features" in like and ".ci/static" in like
    assert "-C target-feature=+crt-static" in (ROOT / ".ci" / "static").read_text()
    # The copied files are a complete workspace.
    metadata = ["cargo", "metadata", "--format-version", "1", "--no-deps", "--offline", "--locked"]
    subprocess.run(metadata, cwd=tmp_path / "source", check=True, capture_output=True)
    tracked = subprocess.run(["git", "ls-files", "src"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    copied = {str(file.relative_to(tmp_path / "source")) for file in (tmp_path / "source").rglob("*") if file.is_file()}
    assert set(tracked) <= copied
    beside = {name.partition("/")[0] for name in copied}
    assert beside == {"Cargo.toml", "Cargo.lock", "src", "crates", "deploy", "target"}
    assert {name for name in copied if name.startswith(("deploy/", "target/"))} == {"deploy/buildspec.yml", "target/release/slipway"}


def test_the_base_is_pinned_to_the_compiler_of_the_project():
    [base] = re.findall(r"^ARG RUST=(\S+)$", (ROOT / "Dockerfile").read_text(), re.M)
    [version] = re.findall(r'^rust-version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.M)
    assert re.fullmatch(rf"docker\.io/library/rust:{re.escape(version)}\.\d+-[a-z]+(@sha256:[0-9a-f]{{64}})?", base)


def test_hadolint_and_checkov_find_nothing():
    check("hadolint", ROOT / "Dockerfile")
    # It takes the argument with the base's name for an image without a tag. The test above checks the argument's default.
    checkov("dockerfile", ROOT / "Dockerfile", "CKV_DOCKER_7")


@pytest.fixture(scope="module")
def moto_with_tls(programs, certificates):
    """moto with TLS, by a certificate of the tests' authority, with what a daemon needs; and the daemon's configuration."""
    files = ["-c", certificates / "server.pem", "-k", certificates / "server.key"]
    program = programs("moto-tls", [SCRIPTS / "moto_server", "-H", "127.0.0.1", "-p", "0", *files], environment())
    found = program.says(lambda text: re.search(r"Running on (https://127\.0\.0\.1:\d+)", text), "its address", 60)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_CA_BUNDLE", str(certificates / "authority.pem"))
        cloud = Cloud(found[1])
    return cloud, account.deploy(cloud)


@pytest.fixture
def container(engine, image, moto_with_tls, free_port, tmp_path):
    """A container of the image, run without any right that it does not need. Returns its name."""
    cloud, config = moto_with_tls
    file = tmp_path / "slipway.toml"
    file.write_text(config)
    variables = environment(cloud.url, SLIPWAY__HTTP__LISTEN=f"127.0.0.1:{free_port()}")
    variables = [f"--env={name}={value}" for name, value in variables.items() if name not in ("PATH", "HOME")]
    quick = ["--health-interval=1s", "--health-timeout=1s", "--health-retries=1"]
    mount = f"--volume={file}:/etc/slipway/slipway.toml:ro"
    engine.docker("run", "--detach", "--name=daemon", "--network=host", *CLOSED, *quick, *variables, mount, image)
    yield "daemon"
    engine.docker("rm", "--force", "daemon")


def health(engine, container):
    state = inspect(engine, container)["State"]
    assert state["Running"], engine.docker("logs", container).stderr
    return state["Health"]["Status"]


def test_the_container_builds_a_job_over_tls_and_drains_when_stopped(engine, container, moto_with_tls):
    cloud, _ = moto_with_tls
    until(lambda: health(engine, container) == "healthy", "a healthy container")
    cloud.send(job("contained", "https://github.com/acme/app"))
    assert Subscriber(cloud).event("contained/finished")["data"]["status"] == "succeeded"
    until(lambda: cloud.counts(cloud.queue_url("slipway-jobs")) == (0, 0), "an empty queue")
    engine.docker("stop", "--time", "45", container)
    state = inspect(engine, container)["State"]
    assert (state["ExitCode"], state["OOMKilled"]) == (0, False)
    log = engine.docker("logs", container).stderr
    assert "drained" in log and "no native root CA" not in log


def test_the_container_has_no_rights_and_a_read_only_file_system(engine, container):
    until(lambda: health(engine, container) == "healthy", "a healthy container")
    process = inspect(engine, container)["State"]["Pid"]
    with open(f"/proc/{process}/status") as status:
        facts = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    assert set(facts["Uid"].split()) == set(facts["Gid"].split()) == {"65532"}
    assert {int(facts[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert facts["NoNewPrivs"] == "1"
    with open(f"/proc/{process}/mountinfo") as mounts:
        [root] = [line.split() for line in mounts if line.split()[4] == "/"]
    assert root[5].split(",")[0] == "ro"


def test_a_daemon_that_hangs_is_unhealthy(engine, container):
    until(lambda: health(engine, container) == "healthy", "a healthy container")
    engine.docker("kill", "--signal=STOP", container)
    until(lambda: health(engine, container) == "unhealthy", "an unhealthy container")
    engine.docker("kill", "--signal=CONT", container)
    until(lambda: health(engine, container) == "healthy", "a healthy container again")


def test_the_program_in_the_image_has_no_local_mode_and_accepts_the_manifests_configuration(engine, image):
    def run(*arguments, more=()):
        return engine.docker("run", "--rm", "--network=none", *CLOSED, *more, image, *arguments, check=False)

    for command in ("demo", "local"):
        answer = run(command)
        assert answer.returncode == 64 and f"unrecognized subcommand '{command}'" in answer.stderr
    config = ROOT / "deploy" / "kubernetes" / "example" / "slipway.toml"
    answer = run("check", more=[f"--volume={config}:/etc/slipway/slipway.toml:ro"])
    assert answer.returncode == 0 and "/etc/slipway/slipway.toml is right" in answer.stdout, answer.stderr
