"""`slipway healthcheck`, by which an image without other programs checks its daemon."""

import signal

from cloud import get
from conftest import daemon_config
from program import environment, slipway
from waiting import until


def test_the_address_of_the_daemon_is_found_in_its_configuration(local, tmp_path):
    until(lambda: get(f"http://{local.http}/healthz") == (200, "ok\n"), "health")
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config(local.address))
    port = local.http.rpartition(":")[2]
    # 0.0.0.0 is no address to connect to: the check uses the loopback.
    for listen in (local.http, f"0.0.0.0:{port}"):
        for way in (["--config", file], []):
            found = {} if way else {"SLIPWAY_CONFIG": str(file)}
            answer = slipway("healthcheck", *way, variables=environment(SLIPWAY__HTTP__LISTEN=listen, SLIPWAY__HTTP__API="false", **found))
            assert (answer.returncode, answer.stdout, answer.stderr) == (0, "ok\n", ""), answer.stderr


def test_a_daemon_that_receives_nothing_is_healthy_and_not_ready(start_daemon, endpoint, free_port):
    daemon = start_daemon(f"http://127.0.0.1:{free_port()}", daemon_config(endpoint.address))
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    assert slipway("healthcheck", "--url", f"http://localhost:{daemon.http.rpartition(':')[2]}/healthz").returncode == 0
    url = f"http://{daemon.http}/readyz"
    answer = slipway("healthcheck", "--url", url)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert f"{url} answers 503" in answer.stderr and "not taking work" in answer.stderr


def test_no_daemon_and_no_answer_are_not_healthy(start_daemon, endpoint, free_port):
    url = f"http://127.0.0.1:{free_port()}/healthz"
    answer = slipway("healthcheck", "--url", url)
    assert (answer.returncode, answer.stdout) == (1, "") and f"no answer from {url}" in answer.stderr
    daemon = start_daemon(endpoint.cloud.url, daemon_config(endpoint.address)).is_ready()
    # A process that hangs: the kernel still accepts connections for it.
    daemon.program.send(signal.SIGSTOP)
    try:
        answer = slipway("healthcheck", "--url", f"http://{daemon.http}/healthz", "--timeout", "300ms")
    finally:
        daemon.program.send(signal.SIGCONT)
    assert (answer.returncode, answer.stdout) == (1, "") and "within 300ms" in answer.stderr


def test_another_server_is_not_healthy(local):
    answer = slipway("healthcheck", "--url", f"http://{local.address}/healthz")
    assert answer.returncode == 1 and f"http://{local.address}/healthz answers 4" in answer.stderr


def test_wrong_usage_and_an_invalid_configuration_have_different_exit_codes(tmp_path):
    for wrong in ([], ["--url", "https://localhost/healthz"], ["--url", "localhost"], ["--url", "http://localhost/", "--timeout", "soon"]):
        answer = slipway("healthcheck", *wrong)
        assert (answer.returncode, answer.stdout) == (64, ""), wrong
    assert slipway("healthcheck", "--config", tmp_path / "nowhere.toml").returncode == 78
