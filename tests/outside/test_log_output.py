"""Where the log and the answers go may break: nothing of the daemon may break with it."""

import fcntl
import os
import re
import resource
import signal
import subprocess
from contextlib import contextmanager

import pytest

from cloud import Cloud, Subscriber, get, job
from program import SLIPWAY, environment, slipway
from waiting import until

JOBS = 6
SECRET = "hunter2-4711-correct-horse"


@contextmanager
def full_disk():
    with open("/dev/full", "wb") as full:
        yield full


@contextmanager
def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as end:
        yield end


@contextmanager
def unread_pipe():
    """A pipe that is full, and whose reader never reads."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETFL, os.O_NONBLOCK)
    try:
        while True:
            os.write(writing, b"x" * 4096)
    except BlockingIOError:
        pass
    fcntl.fcntl(writing, fcntl.F_SETFL, 0)
    with os.fdopen(writing, "wb") as end:
        yield end
    os.close(reading)


class Local:
    """Local mode whose stderr is the test's."""

    def __init__(self, programs, port, stderr, **more):
        self.http = f"127.0.0.1:{port}"
        variables = environment(SLIPWAY__HTTP__LISTEN=self.http, SLIPWAY__SHUTDOWN__GRACE="1s", SLIPWAY_LOG="debug")
        command = [SLIPWAY, "local", "--listen", "127.0.0.1:0"]
        self.program = programs("local", command, variables, stderr=stderr, **more)
        # Of stdout alone: stderr is not there to be read.
        output = until(lambda: re.search(r"listens on http://(127\.0\.0\.1:\d+)", self.program.output), "its address")
        self.cloud = Cloud(f"http://{output[1]}")
        self.subscriber = Subscriber(self.cloud)

    def carries(self, name, url):
        self.cloud.send(job(name, url))
        assert self.subscriber.event(f"{name}/finished")["data"]["status"] == "succeeded"

    def dropped(self):
        _, text = get(f"http://{self.http}/metrics")
        return int(re.search(r"^slipway_log_lines_dropped_total (\d+)$", text, re.M)[1])


@pytest.mark.parametrize("broken", [full_disk, closed_pipe, unread_pipe])
def test_every_job_ends_though_the_log_cannot_be_written(programs, free_port, repository, broken):
    with broken() as stderr:
        local = Local(programs, free_port(), stderr)
        url = repository()
        for number in range(JOBS):
            local.carries(f"job-{number}", url)
        assert get(f"http://{local.http}/healthz") == (200, "ok\n")
        # A pipe that nobody reads leaves the lines in the queue, which has room.
        assert (local.dropped() > JOBS) == (broken is not unread_pipe)
        local.program.send(signal.SIGTERM)
        assert local.program.code(10) == 0


def test_an_error_is_not_waited_for_where_nobody_reads_it(programs, tmp_path):
    with unread_pipe() as stderr:
        program = programs("run", [SLIPWAY, "run", "--config", tmp_path / "nowhere.toml"], environment(), stderr=stderr)
        assert program.code(10) == 78


def test_once_the_log_can_be_written_again_it_says_how_much_is_missing(programs, free_port, repository, tmp_path):
    file = tmp_path / "log"

    def bounded():
        # As a full disk: what goes beyond is an error, once its signal is ignored.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    with file.open("ab") as stderr:
        local = Local(programs, free_port(), stderr, preexec_fn=bounded)
    url = repository()
    for number in range(100):
        local.carries(f"before-{number}", url)
        if local.dropped() > 3:
            break
    assert local.dropped() > 3
    os.truncate(file, 0)
    local.carries("after", url)
    found = until(lambda: re.search(r"log lines were dropped.* lines=(\d+)", file.read_text()), "the count in the log")
    assert int(found[1]) > 3
    # No line stands in the rest of another.
    assert [line for line in file.read_text().splitlines() if line and not re.match(r"\d{4}-\d\d-\d\dT", line)] == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["schema", "event"], ["completions", "zsh"], ["demo"], ["local", "--no-daemon"]]
)
def test_an_answer_that_cannot_be_written_is_an_error_and_one_that_nobody_reads_is_none(arguments, tmp_path):
    def answer(stdout):
        # What could not be written once may not be tried again by a destructor.
        command = [SLIPWAY, *arguments, *(["--listen", "127.0.0.1:0"] if "local" in arguments else [])]
        variables = environment(TMPDIR=str(tmp_path))
        return subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True)

    with full_disk() as stdout, answer(stdout) as program:
        _, told = program.communicate(timeout=60)
        assert program.returncode == 1 and "No space left on device" in told and "panic" not in told
    with closed_pipe() as stdout, answer(stdout) as program:
        if "local" in arguments:
            # It serves all the same.
            with pytest.raises(subprocess.TimeoutExpired):
                program.wait(1)
            program.send_signal(signal.SIGINT)
        _, told = program.communicate(timeout=60)
        assert (program.returncode, told) == (0, "")


def test_no_filter_makes_the_log_show_a_message_or_a_credential(programs, free_port, repository, tmp_path):
    loud = "trace,aws_smithy_runtime=trace,aws_sdk_sqs=trace,aws_runtime=trace,aws_sigv4=trace,aws_smithy_http_client=trace,hyper=trace"
    log = tmp_path / "log"
    http = f"127.0.0.1:{free_port()}"
    variables = environment(SLIPWAY__HTTP__LISTEN=http, SLIPWAY_LOG=loud)
    with log.open("wb") as stderr:
        program = programs("local", [SLIPWAY, "local", "--listen", "127.0.0.1:0"], variables, stderr=stderr)
    found = until(lambda: re.search(r"listens on (http://127\.0\.0\.1:\d+)", program.output), "its address")
    cloud = Cloud(found[1])
    subscriber = Subscriber(cloud)
    keys = {"AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": SECRET}
    sent = slipway(
        "submit", "--url", repository(), "--id", "quiet", "--env", f"TOKEN={SECRET}", "--follow",
        variables=environment(found[1], SLIPWAY_LOG=loud, **keys),
    )  # fmt: skip
    assert sent.returncode == 0, sent.stderr
    assert subscriber.event("quiet/finished")["data"]["status"] == "succeeded"
    program.send(signal.SIGTERM)
    assert program.code() == 0
    for told in (log.read_text(), sent.stderr):
        assert SECRET not in told
    # The filter was heard: our own details are there.
    assert " DEBUG " in log.read_text()
