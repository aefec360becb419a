"""The daemon's health, readiness, metrics and page over HTTP."""

import json
import os
import re
import resource
import socket
import time

import pytest

from cloud import Subscriber, get, job
from conftest import daemon_config
from waiting import until


def test_health_readiness_and_metrics_answer(local, repository, unique):
    until(lambda: get(f"http://{local.http}/readyz") == (200, "ready\n"), "readiness")
    assert get(f"http://{local.http}/healthz") == (200, "ok\n")

    def succeeded():
        _, text = get(f"http://{local.http}/metrics")
        [line] = [line for line in text.splitlines() if line.startswith('slipway_jobs_finished_total{status="succeeded"}')]
        return float(line.split()[-1])

    before = succeeded()
    local.cloud.send(job(unique, repository()))
    local.subscriber.event(f"{unique}/finished")
    until(lambda: succeeded() == before + 1, "the job in the metrics")
    assert get(f"http://{local.http}/nothing")[0] == 404


def test_a_daemon_that_cannot_reach_its_queue_is_healthy_and_not_ready(start_daemon, endpoint, free_port):
    daemon = start_daemon(f"http://127.0.0.1:{free_port()}", daemon_config(endpoint.address))
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    daemon.program.says(lambda text: "could not receive" in text, "why it is not ready")
    status, text = get(f"http://{daemon.http}/readyz")
    assert status == 503 and text.startswith("not taking work\nnothing can be received from ") and "AWS_ENDPOINT_URL" in text


def test_a_missing_queue_is_logged_once_with_advice_until_it_exists(start_daemon, endpoint):
    config = daemon_config(endpoint.address).replace("/slipway-jobs\"", "/forgotten\"")
    daemon = start_daemon(endpoint.cloud.url, config)
    url = f"http://{endpoint.address}/000000000000/forgotten"
    _, text = until(lambda: (found := get(f"http://{daemon.http}/readyz")) and url in found[1] and found, "the reason")
    assert "make it, or mend its address in the configuration" in text and "(since 20" in text

    def failures():
        _, metrics = get(f"http://{daemon.http}/metrics")
        found = re.search(r'slipway_aws_calls_total\{operation="sqs.ReceiveMessage",result="not_found"\} (\d+)', metrics)
        return found and int(found[1]) >= 3

    until(failures, "three tries")
    assert daemon.program.log.count("could not receive") == 1, daemon.program.log
    # Health fails only for states that last: in the first minutes nothing should restart a daemon.
    assert get(f"http://{daemon.http}/healthz") == (200, "ok\n")
    endpoint.cloud.sqs.create_queue(QueueName="forgotten")
    until(lambda: get(f"http://{daemon.http}/readyz") == (200, "ready\n"), "readiness", 60)
    assert "the problem is over" in daemon.program.log


def test_a_missing_topic_needs_an_operator_and_the_end_is_published_once_it_exists(start_daemon, endpoint, repository, unique):
    config = daemon_config(endpoint.address).replace(":slipway-events\"", ":forgotten\"")
    daemon = start_daemon(endpoint.cloud.url, config).is_ready()
    endpoint.cloud.send(job(unique, repository()))
    reason = "the topic arn:aws:sns:us-east-1:000000000000:forgotten refuses events, so that the results of ended jobs cannot be published"
    until(lambda: (found := get(f"http://{daemon.http}/readyz"))[0] == 503 and reason in found[1], "the reason", 60)
    assert "topic arn:aws:sns:us-east-1:000000000000:forgotten refuses events" in get(f"http://{daemon.http}/")[1], "the page shows it too"
    [notice] = json.loads(get(f"http://{daemon.http}/api/v1/limits")[1])["notices"]
    assert notice["kind"] == "not_found" and reason in notice["text"]
    topic = endpoint.cloud.sns.create_topic(Name="forgotten")["TopicArn"]
    queue = "arn:aws:sqs:us-east-1:000000000000:slipway-results"
    endpoint.cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    Subscriber(endpoint.cloud).event(f"{unique}/finished", 120)
    until(lambda: get(f"http://{daemon.http}/readyz") == (200, "ready\n"), "readiness", 60)


def test_a_thousand_idle_connections_stop_neither_health_checks_nor_builds(start_local, repository):
    local = start_local()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    host, port = local.http.split(":")
    held = []
    try:
        for number in range(1300):
            held.append(socket.create_connection((host, int(port)), timeout=5))
            # Every second one has begun a request.
            if number % 2:
                held[-1].sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
        asked = time.monotonic()
        assert get(f"http://{local.http}/healthz") == (200, "ok\n")
        assert time.monotonic() - asked < 1
        local.cloud.send(job("crowded", repository()))
        assert local.subscriber.event("crowded/finished")["data"]["status"] == "succeeded"
        assert get(f"http://{local.http}/healthz") == (200, "ok\n")
        descriptors = len(os.listdir(f"/proc/{local.program.pid}/fd"))
        assert descriptors < 400, descriptors
    finally:
        for connection in held:
            connection.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        local.program.end()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "10.1.2.3", "127.0.0.1@evil.example"])
def test_a_page_whose_name_was_rebound_to_the_daemon_reads_nothing(local, host):
    for path in ("/metrics", "/healthz", "/nothing"):
        answer = ask(local.http, f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")
        assert answer.startswith("HTTP/1.1 421 ") and "slipway_" not in answer and "localhost" in answer
        named = ask(local.http, f"GET http://{host}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert named.startswith(("HTTP/1.1 421 ", "HTTP/1.1 400 ")), named


def ask(address, request):
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(request.encode())
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return answer.decode(errors="replace")
