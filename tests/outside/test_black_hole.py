"""An endpoint that takes connections and never answers."""

import re
import signal
import socket

import pytest

from cloud import get
from conftest import daemon_config
from waiting import until


@pytest.fixture
def black_hole():
    """An address where the kernel accepts connections and nobody reads from them."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield "127.0.0.1:%d" % server.getsockname()[1]


def test_a_black_hole_is_noticed_and_no_loop_hangs_in_it(start_daemon, black_hole):
    daemon = start_daemon(f"http://{black_hole}", daemon_config(black_hole))
    # A poll of a second is given up ten seconds after it.
    daemon.program.says(lambda log: re.search(r"could not receive", log), "the timeout of a poll", 60)
    assert get(f"http://{daemon.http}/readyz")[0] == 503
    assert get(f"http://{daemon.http}/healthz") == (200, "ok\n")
    failed = r'slipway_aws_calls_total\{operation="sqs.ReceiveMessage",result="unreachable"\} [1-9]'
    until(lambda: re.search(failed, get(f"http://{daemon.http}/metrics")[1]), "the failed calls among the metrics")


def test_the_start_hears_a_signal_while_nothing_answers(start_daemon, black_hole):
    config = re.sub(r"dead_letter_url = .*\n", "", daemon_config(black_hole))
    daemon = start_daemon(f"http://{black_hole}", config)
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    # The queue that dead letters go to is being asked for: three tries of 15 seconds, which the start does not wait for.
    daemon.program.send(signal.SIGTERM)
    assert daemon.program.code(5) == 0
