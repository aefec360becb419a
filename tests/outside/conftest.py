"""Fixtures: running programs, repositories to build, configurations."""

import re
import socket
import subprocess
import urllib.request

import pytest

from checker import lacking
from cloud import Cloud, Subscriber, get
from engine import Engine, missing
from program import SCRIPTS, SLIPWAY, Program, environment, slipway
from waiting import until

pytest_plugins = ["recorder"]

QUICK = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built $SLIPWAY_JOB_ID\n"


# The visibility timeout is the shortest that is allowed: after a crash, a job waits for that long.
DAEMON = """\
[[queues]]
url = "http://{address}/000000000000/slipway-jobs"
dead_letter_url = "http://{address}/000000000000/slipway-jobs-dlq"
visibility = "30s"
wait = "1s"

[topic]
arn = "arn:aws:sns:us-east-1:000000000000:slipway-events"
events = ["started", "finished", "rejected"]

[limits]
running = 1

[watch]
interval = "200ms"

[profiles.default]
project = "slipway"
sources = ["file:///*"]
"""


def daemon_config(address):
    """The configuration of a daemon on an embedded endpoint."""
    return DAEMON.format(address=address)


def pytest_collection_modifyitems(items):
    """The tests of a file share what they start, and two Docker engines disturb each other. So each group runs in one process."""
    with_engine = {item.path for item in items if "engine" in item.fixturenames}
    for item in items:
        item.add_marker(pytest.mark.xdist_group("engine" if item.path in with_engine else item.path.name))


@pytest.fixture(scope="session", autouse=True)
def the_program_is_there():
    answer = slipway("--version")
    assert answer.returncode == 0, f"{SLIPWAY} does not run: build it with `cargo build`"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """A folder with a certificate authority of the tests, and a certificate of it for this machine."""
    folder = tmp_path_factory.mktemp("certificates")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout".split()
    openssl("req", "-x509", *key, "authority.key", "-out", "authority.pem", "-days", "2", "-subj", "/CN=Authority")
    openssl("req", *key, "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    openssl(*"x509 -req -in server.csr -CA authority.pem -CAkey authority.key -CAcreateserial -out server.pem -days 2 -extfile names".split())
    return folder


@pytest.fixture(scope="session")
def free_port():
    """A function that returns a port on which nothing listens."""

    def find():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    return find


@pytest.fixture(scope="session")
def programs(tmp_path_factory):
    """A function that starts a program. All programs that were started are ended at the end."""
    folder, started = tmp_path_factory.mktemp("programs"), []

    def start(name, arguments, variables, **more):
        program = Program(folder, f"{len(started)}-{name}", [str(argument) for argument in arguments], variables, **more)
        started.append(program)
        return program

    yield start
    for program in reversed(started):
        program.end()


class Local:
    """A running `slipway local`."""

    def __init__(self, program, address, http):
        self.program, self.address, self.http = program, address, http
        self.cloud = Cloud(f"http://{address}")
        self.subscriber = Subscriber(self.cloud)


@pytest.fixture(scope="session")
def start_local(programs, free_port):
    """A function that starts `slipway local`, by default on a free port."""

    def start(*arguments, listen="127.0.0.1:0", **variables):
        http = f"127.0.0.1:{free_port()}"
        command = [SLIPWAY, "local", "--listen", listen, *arguments]
        program = programs("local", command, environment(SLIPWAY__HTTP__LISTEN=http, **variables))
        found = program.says(lambda text: re.search(r"listens on http://(127\.0\.0\.1:\d+)", text), "its address")
        return Local(program, found[1], http)

    return start


@pytest.fixture(scope="session")
def local(start_local):
    """Local mode with its daemon, for all tests that do not disturb it."""
    return start_local()


@pytest.fixture(scope="session")
def cloud(start_local):
    """The embedded endpoint alone, for tests of its services."""
    return start_local("--no-daemon").cloud


@pytest.fixture
def endpoint(start_local):
    """An embedded endpoint for one test with its own daemons."""
    local = start_local("--no-daemon")
    yield local
    local.program.end()


class Daemon:
    """A running `slipway run`."""

    def __init__(self, program, http):
        self.program, self.http = program, http

    def is_ready(self):
        self.program.says(lambda _: get(f"http://{self.http}/readyz") == (200, "ready\n"), "it takes work")
        return self


@pytest.fixture
def start_daemon(programs, free_port, tmp_path):
    """A function that starts `slipway run` on an endpoint, with the text of a configuration."""
    started = []

    def start(url, config, **variables):
        http = f"127.0.0.1:{free_port()}"
        file = tmp_path / f"slipway-{len(started)}.toml"
        file.write_text(config)
        command = [SLIPWAY, "run", "--config", file]
        program = programs("run", command, environment(url, SLIPWAY__HTTP__LISTEN=http, **variables))
        started.append(program)
        return Daemon(program, http)

    yield start
    for program in started:
        program.end()


@pytest.fixture
def moto(moto_server):
    """An empty moto: AWS as another project understands it."""
    urllib.request.urlopen(urllib.request.Request(f"{moto_server.url}/moto-api/reset", method="POST"), timeout=10).close()
    return moto_server


@pytest.fixture(scope="session")
def moto_server(programs):
    program = programs("moto", [SCRIPTS / "moto_server", "-H", "127.0.0.1", "-p", "0"], environment())
    found = program.says(lambda text: re.search(r"Running on (http://127\.0\.0\.1:\d+)", text), "its address", 60)
    cloud = Cloud(found[1])
    until(lambda: get(found[1] + "/moto-api/"), "moto's answer")
    return cloud


@pytest.fixture(scope="session")
def engine(tmp_path_factory, free_port):
    """A Docker engine with a registry, for all tests that need one."""
    reason = missing()
    if reason:
        lacking(f"no Docker engine: {reason}; .ci/engine installs one")
    # Short, because the path of a socket has at most 108 bytes.
    engine = Engine(tmp_path_factory.mktemp("e"), free_port())
    try:
        engine.start()
        yield engine
    finally:
        engine.end()


@pytest.fixture
def repository(tmp_path):
    """A function that creates a git repository with this buildspec and returns its URL."""
    made = []

    def make(buildspec=QUICK, **files):
        folder = tmp_path / f"repository-{len(made)}"
        folder.mkdir()
        made.append(folder)
        for name, text in {"buildspec.yml": buildspec, **files}.items():
            (folder / name).write_text(text)

        def git(*arguments):
            identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
            command = ["git", "-C", folder, *identity, *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True, env=environment()).stdout.strip()

        git("init", "-q", "-b", "main")
        git("add", ".")
        git("commit", "-q", "-m", "The source")
        return f"file://{folder}"

    return make


@pytest.fixture
def gate(tmp_path):
    """Builds that run until the test opens the gate: a buildspec, and a function that opens it."""
    file = tmp_path / "gate"

    class Gate:
        # Bounded, so that no build remains if the test ends early.
        buildspec = (
            "version: 0.2\nphases:\n  build:\n    commands:\n      - echo waiting\n"
            f"      - for turn in $(seq 1200); do [ -e {file} ] && break; sleep 0.1; done; echo through\n"
        )

        @staticmethod
        def open():
            file.touch()

    yield Gate
    file.touch()


@pytest.fixture
def unique(request):
    """A name that no other test uses."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", request.node.name).strip("-")[:60]
