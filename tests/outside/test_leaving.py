"""How the daemon ends, by a signal or a kill, and how the next one continues."""

import signal
import socket
import time

import pytest

from cloud import Subscriber, get, job
from conftest import daemon_config
from waiting import until

@pytest.fixture
def daemon(endpoint, start_daemon):
    """A function that starts a daemon on the test's endpoint."""

    def start(**variables):
        return start_daemon(endpoint.cloud.url, daemon_config(endpoint.address), **variables).is_ready()

    return start


def test_an_idle_daemon_drains(daemon):
    program = daemon().program
    program.send(signal.SIGTERM)
    assert program.code() == 0
    assert "drained" in program.log


def test_local_mode_ends_as_its_welcome_says(start_local, repository, gate):
    alone = start_local("--no-daemon")
    assert "Ctrl-C stops it at once, and the builds that run with it.\n" in alone.program.output
    alone.cloud.codebuild.start_build(projectName="slipway", sourceLocationOverride=repository(gate.buildspec))
    alone.program.send(signal.SIGINT)
    assert alone.program.code(5) == 0
    local = start_local()
    assert "Ctrl-C stops it when the running builds have ended" in local.program.output
    local.program.end()


def test_an_interrupt_drains_local_mode_too(start_local):
    program = start_local().program
    program.send(signal.SIGINT)
    assert program.code() == 0


def test_a_build_that_ends_within_the_grace_period_is_reported_before_the_end(daemon, endpoint, repository, gate):
    cloud, subscriber = endpoint.cloud, Subscriber(endpoint.cloud)
    first = daemon()
    cloud.send(job("patient", repository(gate.buildspec)))
    subscriber.event("patient/1/started")
    first.program.send(signal.SIGTERM)
    first.program.says(lambda text: "draining" in text, "the drain")
    assert get(f"http://{first.http}/readyz")[0] == 503
    assert get(f"http://{first.http}/healthz") == (200, "ok\n")
    gate.open()
    assert first.program.code() == 0
    assert subscriber.event("patient/finished")["data"]["status"] == "succeeded"
    assert cloud.counts(cloud.queue_url("slipway-jobs")) == (0, 0)


def test_waiting_jobs_are_given_back_and_running_builds_are_adopted(daemon, endpoint, repository, gate):
    cloud, subscriber = endpoint.cloud, Subscriber(endpoint.cloud)
    queue = cloud.queue_url("slipway-jobs")
    first = daemon(SLIPWAY__SHUTDOWN__GRACE="8s")
    cloud.send(job("running", repository(gate.buildspec)))
    subscriber.event("running/1/started")
    url = repository()
    for number in range(3):
        cloud.send(job(f"waiting-{number}", url))
    until(lambda: cloud.counts(queue) == (0, 4), "all messages with the daemon")
    first.program.send(signal.SIGTERM)
    first.program.says(lambda text: "draining" in text, "the drain")
    # They are given back long before their visibility timeout. A poll under way may receive them again and give them back once more.
    until(lambda: cloud.counts(queue)[0] == 3, "the waiting messages, visible again", seconds=1)
    assert first.program.code() == 75
    assert [build["buildStatus"] for build in cloud.builds_of("slipway", "running")] == ["IN_PROGRESS"]

    second = daemon()
    second.program.says(lambda text: "adopted the job's build" in text, "the adoption", 60)
    gate.open()
    for name in ("running", "waiting-0", "waiting-1", "waiting-2"):
        assert subscriber.event(f"{name}/finished")["data"]["status"] == "succeeded"
        assert len(cloud.builds_of("slipway", name)) == 1
    second.program.send(signal.SIGTERM)
    assert second.program.code() == 0
    assert cloud.counts(queue) == (0, 0)
    subscriber.read()
    assert len({event["id"] for event in subscriber.ends()}) == len(subscriber.ends()) == 4


def test_after_a_kill_the_next_daemon_adopts_the_build(daemon, endpoint, repository, gate):
    cloud, subscriber = endpoint.cloud, Subscriber(endpoint.cloud)
    first = daemon()
    cloud.send(job("orphan", repository(gate.buildspec)))
    started = subscriber.event("orphan/1/started")
    first.program.kill()
    second = daemon()
    # The lease of the first daemon must expire first.
    second.program.says(lambda text: "adopted the job's build" in text, "the adoption", 60)
    gate.open()
    finished = subscriber.event("orphan/finished")
    assert finished["data"]["status"] == "succeeded"
    assert finished["data"]["build"]["id"] == started["data"]["build"]["id"]
    assert len(cloud.builds_of("slipway", "orphan")) == 1
    until(lambda: cloud.counts(cloud.queue_url("slipway-jobs")) == (0, 0), "an empty queue")


@pytest.mark.parametrize("busy", [True, False])
def test_a_second_signal_ends_the_daemon_at_once(daemon, endpoint, repository, gate, busy):
    cloud, subscriber = endpoint.cloud, Subscriber(endpoint.cloud)
    program = daemon(SLIPWAY__SHUTDOWN__GRACE="1h", SLIPWAY__QUEUES__0__WAIT="20s").program
    if busy:
        cloud.send(job("long", repository(gate.buildspec)))
        subscriber.event("long/1/started")
    program.send(signal.SIGTERM)
    program.says(lambda text: "draining" in text, "the drain")
    program.send(signal.SIGINT)
    asked = time.monotonic()
    assert program.code() == 75
    assert time.monotonic() - asked < 2
    assert [build["buildStatus"] for build in cloud.builds_of("slipway", "long")] == ["IN_PROGRESS"] * busy


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGTERM, signal.SIGTERM]])
def test_an_incomplete_request_delays_neither_the_drain_nor_others(daemon, signals):
    first = daemon(SLIPWAY__SHUTDOWN__GRACE="1h")
    host, port = first.http.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        # The second connection is accepted after the first, so the first is being read.
        assert get(f"http://{first.http}/healthz") == (200, "ok\n")
        for number in signals:
            first.program.send(number)
        # An idle poll of one second, and the half second for requests.
        assert first.program.code(6) in (0, 75)


def test_signals_without_a_meaning_are_ignored(daemon, start_local):
    local = start_local()
    until(lambda: get(f"http://{local.http}/healthz") == (200, "ok\n"), "health")
    for program in (daemon().program, local.program):
        for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE, signal.SIGHUP):
            program.send(number)
        program.says(lambda text: "SIGUSR1" in text and "SIGUSR2" in text, "the signals")
        program.says(lambda text: "the configuration was read again: nothing changed" in text, "what a hangup does")
        assert program.runs()


def test_a_drain_says_what_it_waits_for_also_in_local_mode(start_local, repository, gate):
    local = start_local(SLIPWAY__SHUTDOWN__GRACE="1h")
    local.cloud.send(job("long", repository(gate.buildspec)))
    local.subscriber.event("long/1/started")
    local.program.send(signal.SIGINT)
    local.program.says(lambda text: "draining" in text and "a second signal leaves now" in text and "jobs=1" in text, "what is waited for")
    local.program.send(signal.SIGINT)
    assert local.program.code(5) == 75
    assert "without --data nothing is kept" in local.program.log
    assert "builds go on" not in local.program.log
