"""The outputs for the log and for answers may fail, and the daemon must not fail with them."""

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
    """A full pipe that is never read."""
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
    """Local mode with a given stderr."""

    def __init__(self, programs, port, stderr, **more):
        self.http = f"127.0.0.1:{port}"
        variables = environment(SLIPWAY__HTTP__LISTEN=self.http, SLIPWAY__SHUTDOWN__GRACE="1s", SLIPWAY_LOG="debug")
        command = [SLIPWAY, "local", "--listen", "127.0.0.1:0"]
        self.program = programs("local", command, variables, stderr=stderr, **more)
        # Only stdout is kept: stderr cannot be read here.
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
def test_every_job_ends_even_if_the_log_cannot_be_written(programs, free_port, repository, broken):
    with broken() as stderr:
        local = Local(programs, free_port(), stderr)
        url = repository()
        for number in range(JOBS):
            local.carries(f"job-{number}", url)
        assert get(f"http://{local.http}/healthz") == (200, "ok\n")
        # If a pipe is not read, the lines stay in the queue, which has room.
        assert (local.dropped() > JOBS) == (broken is not unread_pipe)
        local.program.send(signal.SIGTERM)
        assert local.program.code(10) == 0


def test_a_command_does_not_wait_for_its_error_output_to_be_read(programs, tmp_path):
    with unread_pipe() as stderr:
        program = programs("run", [SLIPWAY, "run", "--config", tmp_path / "nowhere.toml"], environment(), stderr=stderr)
        assert program.code(10) == 78


def test_the_log_says_how_many_lines_are_missing_once_it_can_be_written_again(programs, free_port, repository, tmp_path):
    file = tmp_path / "log"

    def bounded():
        # Like a full disk: a write beyond the limit is an error, if its signal is ignored.
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
    # No line follows the incomplete rest of another.
    assert [line for line in file.read_text().splitlines() if line and not re.match(r"\d{4}-\d\d-\d\dT", line)] == []


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["schema", "event"], ["completions", "zsh"], ["demo"], ["local", "--no-daemon"]]
)
def test_a_failed_write_of_an_answer_is_an_error_but_a_closed_pipe_is_none(arguments, tmp_path):
    def answer(stdout):
        # A destructor must not repeat the failed write.
        command = [SLIPWAY, *arguments, *(["--listen", "127.0.0.1:0"] if "local" in arguments else [])]
        variables = environment(TMPDIR=str(tmp_path))
        return subprocess.Popen(command, env=variables, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, text=True)

    with full_disk() as stdout, answer(stdout) as program:
        _, stderr = program.communicate(timeout=60)
        assert program.returncode == 1 and "No space left on device" in stderr and "panic" not in stderr
    with closed_pipe() as stdout, answer(stdout) as program:
        if "local" in arguments:
            # Local mode runs nevertheless.
            with pytest.raises(subprocess.TimeoutExpired):
                program.wait(1)
            program.send_signal(signal.SIGINT)
        _, stderr = program.communicate(timeout=60)
        assert (program.returncode, stderr) == (0, "")


def test_no_log_filter_reveals_a_message_or_a_credential(programs, free_port, repository, tmp_path):
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
    for text in (log.read_text(), sent.stderr):
        assert SECRET not in text
    # The filter works: details of our own modules are logged.
    assert " DEBUG " in log.read_text()
