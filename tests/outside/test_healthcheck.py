"""`slipway healthcheck`: what an image without any other program asks its daemon with."""

import signal

from cloud import get
from conftest import daemon_config
from program import environment, slipway
from waiting import until


def test_a_healthy_daemon_is_found_by_its_configuration(local, tmp_path):
    until(lambda: get(f"http://{local.http}/healthz") == (200, "ok\n"), "health")
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config(local.address))
    port = local.http.rpartition(":")[2]
    # An address that nobody can be asked at, and a daemon on this machine's own.
    for listen in (local.http, f"0.0.0.0:{port}"):
        for way in (["--config", file], []):
            found = {} if way else {"SLIPWAY_CONFIG": str(file)}
            answer = slipway("healthcheck", *way, variables=environment(SLIPWAY__HTTP__LISTEN=listen, SLIPWAY__HTTP__API="false", **found))
            assert (answer.returncode, answer.stdout, answer.stderr) == (0, "ok\n", ""), answer.stderr


def test_a_daemon_that_is_up_and_takes_no_work_is_healthy_and_not_ready(start_daemon, endpoint, free_port):
    daemon = start_daemon(f"http://127.0.0.1:{free_port()}", daemon_config(endpoint.address))
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    assert slipway("healthcheck", "--url", f"http://localhost:{daemon.http.rpartition(':')[2]}/healthz").returncode == 0
    url = f"http://{daemon.http}/readyz"
    answer = slipway("healthcheck", "--url", url)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert f"{url} answers 503" in answer.stderr and "not taking work" in answer.stderr


def test_nobody_there_and_nothing_said_are_not_healthy(start_daemon, endpoint, free_port):
    url = f"http://127.0.0.1:{free_port()}/healthz"
    answer = slipway("healthcheck", "--url", url)
    assert (answer.returncode, answer.stdout) == (1, "") and f"no answer from {url}" in answer.stderr
    daemon = start_daemon(endpoint.cloud.url, daemon_config(endpoint.address)).is_ready()
    # A process that hangs: the kernel goes on to take connections for it.
    daemon.program.send(signal.SIGSTOP)
    try:
        answer = slipway("healthcheck", "--url", f"http://{daemon.http}/healthz", "--timeout", "300ms")
    finally:
        daemon.program.send(signal.SIGCONT)
    assert (answer.returncode, answer.stdout) == (1, "") and "within 300ms" in answer.stderr


def test_what_is_no_daemon_is_not_healthy(local):
    answer = slipway("healthcheck", "--url", f"http://{local.address}/healthz")
    assert answer.returncode == 1 and f"http://{local.address}/healthz answers 4" in answer.stderr


def test_wrong_usage_and_a_wrong_configuration_are_told_apart(tmp_path):
    for wrong in ([], ["--url", "https://localhost/healthz"], ["--url", "localhost"], ["--url", "http://localhost/", "--timeout", "soon"]):
        answer = slipway("healthcheck", *wrong)
        assert (answer.returncode, answer.stdout) == (64, ""), wrong
    assert slipway("healthcheck", "--config", tmp_path / "nowhere.toml").returncode == 78
