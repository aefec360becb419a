"""An endpoint that accepts connections and never answers."""

import re
import signal
import socket

import pytest

from cloud import get
from conftest import daemon_config
from program import SLIPWAY, environment
from waiting import until


@pytest.fixture
def black_hole():
    """An address at which the kernel accepts connections that nothing reads."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield "127.0.0.1:%d" % server.getsockname()[1]


def test_an_endpoint_that_never_answers_is_reported_and_stops_no_loop(start_daemon, black_hole):
    daemon = start_daemon(f"http://{black_hole}", daemon_config(black_hole))
    # A poll of one second is given up after ten more seconds.
    daemon.program.says(lambda log: re.search(r"could not receive", log), "the timeout of a poll", 60)
    assert get(f"http://{daemon.http}/readyz")[0] == 503
    assert get(f"http://{daemon.http}/healthz") == (200, "ok\n")
    failed = r'slipway_aws_calls_total\{operation="sqs.ReceiveMessage",result="unreachable"\} [1-9]'
    until(lambda: re.search(failed, get(f"http://{daemon.http}/metrics")[1]), "the failed calls among the metrics")


def test_a_command_says_what_it_waits_for_and_ends_with_a_message(programs, black_hole):
    url = f"http://{black_hole}"
    queue = f"{url}/000000000000/slipway-jobs"
    service, daemon = "check AWS_ENDPOINT_URL, and whether its service runs", "check --daemon or SLIPWAY_DAEMON, and whether it runs"
    commands = [
        (["submit", "--url", "https://github.com/acme/app"], "no answer to sqs.SendMessage", service),
        (["logs", "app-1"], "no answer to codebuild.ListBuildsForProject", service),
        (["jobs", "--daemon", url], "no answer from the daemon", daemon),
        # It gives up a receive within ten seconds.
        (["dlq", "ls", "--dead-letter-url", queue], None, service),
    ]
    started = [(programs("waits", [SLIPWAY, *arguments], environment(url)), *messages) for arguments, *messages in commands]
    for program, what, cure in started:
        if what:
            line = program.says(lambda text, what=what: re.search(f"^{what}.*$", text, re.M), "what it waits for", 10)[0]
            assert black_hole in line and "still waiting" in line and cure in line, line
    for program, _, _ in started:
        assert program.code(60) in (1, 3)
        last = program.log.splitlines()[-1]
        assert black_hole in last and "it takes connections and has not answered" in last and "attempt timeout" not in last, last


def test_a_signal_ends_a_start_that_waits_for_answers(start_daemon, black_hole):
    config = re.sub(r"dead_letter_url = .*\n", "", daemon_config(black_hole))
    daemon = start_daemon(f"http://{black_hole}", config)
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    # The daemon looks up its dead-letter queue, with three attempts of 15 seconds. The drain does not wait for them.
    daemon.program.send(signal.SIGTERM)
    assert daemon.program.code(5) == 0
