"""What the daemon tells over HTTP."""

from cloud import get, job
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


def test_a_daemon_that_cannot_reach_its_queue_is_alive_and_not_ready(start_daemon, endpoint, free_port):
    daemon = start_daemon(f"http://127.0.0.1:{free_port()}", daemon_config(endpoint.address))
    until(lambda: get(f"http://{daemon.http}/healthz") == (200, "ok\n"), "health")
    daemon.program.says(lambda text: "could not receive" in text, "why it is not ready")
    assert get(f"http://{daemon.http}/readyz")[0] == 503
