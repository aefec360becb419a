"""The API and the commands that use it, on the running program: checked by other projects' tools, and used as people do."""

import json
import os
import pty
import re
import subprocess
import threading

import pytest

from cloud import get, job
from conftest import daemon_config
from program import SCRIPTS, SLIPWAY, environment, slipway
from waiting import until

# Operations whose answers do not end: those for browsers, logs and streams.
ENDLESS = ["listen"]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
]


def test_the_api_answers_as_its_description_says(start_local, tmp_path):
    """schemathesis makes valid and invalid requests by the description, and checks every answer against it."""
    local = start_local()
    until(lambda: get(f"http://{local.http}/readyz")[0] == 200, "readiness")
    command = [SCRIPTS / "schemathesis", "run", f"http://{local.http}/api/v1/openapi.json", "--checks", ",".join(CHECKS)]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", "15", "--seed", "1", "--no-color", "--workers", "1"]
    command += [word for name in ENDLESS for word in ("--exclude-operation-id", name)]
    variables = environment() | {"HOME": str(tmp_path)}
    answer = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=420, check=False)
    assert answer.returncode == 0, answer.stdout[-20_000:] + answer.stderr
    assert get(f"http://{local.http}/healthz")[0] == 200
    local.program.end()


def ask(local, *arguments, **more):
    """Runs a command of Slipway against a daemon."""
    return slipway(*arguments, "--daemon", f"http://{local.http}", variables=environment(local.cloud.url, **more))


def test_a_newcomer_finds_the_oldest_build_why_another_waits_and_cancels_one(start_local, repository, gate):
    local = start_local(SLIPWAY__LIMITS__RUNNING="1")
    source = repository(gate.buildspec)
    for number in range(3):
        local.cloud.send(job(f"build-{number}", source, tenant=f"team-{number}", labels={"release": "\u202e</script>"}))
        until(lambda id=f"build-{number}": ask(local, "show", id).returncode == 0, "the job")

    until(lambda: " running " in ask(local, "show", "build-0").stdout, "the first one's build")

    def complete_list():
        """Lists come from a snapshot, which may be some seconds old."""
        listed = json.loads(ask(local, "jobs", "--json").stdout)
        return listed if [listed["counts"][state] for state in ("waiting", "running")] == [2, 1] else None

    listed = until(complete_list, "one that runs and two that wait")
    assert [entry["id"] for entry in listed["jobs"] if entry["state"] == "running"] == ["build-0"]
    table = ask(local, "jobs", "--tenant", "team-0", "--tenant", "team-1").stdout
    assert "build-0" in table and "build-1" in table and "build-2" not in table
    assert "\x1b" not in table and "\u202e" not in table
    shown = ask(local, "show", "build-1").stdout
    assert "waiting" in shown and "was received from slipway-jobs" in shown and "<U+202E></script>" in shown
    limits = json.loads(ask(local, "limits", "--json").stdout)
    assert limits["all"]["running"] == 1 and limits["all"]["limit"] == 1
    assert re.search(r"^all\s+-\s+1\s+1\s", ask(local, "limits").stdout, re.MULTILINE)

    cancelled = ask(local, "cancel", "build-1", "build-0", "--reason", "by hand")
    assert (cancelled.returncode, cancelled.stdout) == (0, "build-1 is ending\nbuild-0 is ending\n")
    for number in (0, 1):
        end = local.subscriber.event(f"build-{number}/finished")["data"]
        assert (end["status"], end["reason"]) == ("cancelled", "by hand")
    until(lambda: "cancelled" in ask(local, "show", "build-1").stdout.splitlines()[0], "its end")
    again = ask(local, "cancel", "build-1", "--json")
    assert (again.returncode, json.loads(again.stdout)["state"]) == (1, "refused")
    gate.open()
    local.subscriber.event("build-2/finished")
    local.program.end()


def test_without_a_daemon_commands_ask_aws_and_say_what_is_not_known(start_local, repository, free_port):
    local = start_local()
    local.cloud.send(job("app-1", repository()))
    local.subscriber.event("app-1/finished")
    nobody = environment(local.cloud.url, SLIPWAY_DAEMON=f"http://127.0.0.1:{free_port()}")
    shown = slipway("show", "app-1", variables=nobody)
    assert shown.returncode == 0 and "succeeded" in shown.stdout, shown.stderr
    assert "no daemon answers" in shown.stderr and "is not known" in shown.stderr
    assert json.loads(slipway("show", "app-1", "--json", variables=nobody).stdout)["from_record"] is True
    assert slipway("show", "nobody", variables=nobody).returncode == 1

    asked = slipway("cancel", "app-2", "--reason", "by hand", variables=nobody)
    assert asked.returncode == 0 and "the cancellation is on the queue" in asked.stdout, asked.stderr
    local.program.says(lambda text: "asked to cancel a job" in text, "the cancellation")
    local.cloud.send(job("app-2", repository()))
    assert local.subscriber.event("app-2/finished")["data"]["status"] == "cancelled"
    for command in ("jobs", "limits"):
        answer = slipway(command, variables=nobody)
        assert answer.returncode == 1 and "no daemon answers" in answer.stderr and "SLIPWAY_DAEMON" in answer.stderr
    local.program.end()


def names(build):
    """The names of a job's build: its id, its ARN, and the last part of the ARN."""
    return [build["id"], build["arn"], "build/" + build["id"], build["id"].split(":")[1]]


def test_a_job_is_shown_and_cancelled_by_its_build_with_and_without_a_daemon(start_local, repository, gate, free_port):
    local = start_local()
    nobody = {"SLIPWAY_DAEMON": f"http://127.0.0.1:{free_port()}"}
    for job_id, asked in (("app-1", {}), ("app-2", nobody)):

        def run(*arguments, asked=asked):
            daemon = [] if asked else ["--daemon", f"http://{local.http}"]
            return slipway(*arguments, *daemon, variables=environment(local.cloud.url, **asked))

        local.cloud.send(job(job_id, repository(gate.buildspec)))
        [build] = until(lambda id=job_id: local.cloud.builds_of("slipway", id), "the build")
        for name in names(build):
            shown = run("show", name, "--json")
            assert shown.returncode == 0, name + shown.stderr
            detail = json.loads(shown.stdout)
            assert (detail["id"], detail["build_ids"], detail["state"]) == (job_id, [build["id"]], "running"), name
            assert detail["from_record"] is bool(asked)
        cancelled = run("cancel", build["arn"], "--json")
        said = {"id": job_id, "state": "asked" if asked else "cancelling"}
        assert (cancelled.returncode, json.loads(cancelled.stdout)) == (0, said), cancelled.stderr
        assert local.subscriber.event(f"{job_id}/finished")["data"]["status"] == "cancelled"
        again = run("cancel", build["id"])
        assert again.returncode == 1 and "ended" in again.stdout + again.stderr, again
        unknown = run("show", "slipway:00000000-0000-0000-0000-000000000000")
        assert unknown.returncode == 1 and ("there is no job" in unknown.stderr or "has no build" in unknown.stderr), unknown.stderr
    local.program.end()


def test_a_live_table_fits_its_terminal_and_shows_changes(start_local, repository, gate):
    local = start_local()
    main, other = pty.openpty()
    subprocess.run(["stty", "cols", "60", "rows", "20"], stdin=other, check=True)
    variables = environment(local.cloud.url, SLIPWAY_DAEMON=f"http://{local.http}") | {"TERM": "xterm"}
    watching = subprocess.Popen([SLIPWAY, "jobs", "--watch", "--all"], env=variables, stdin=other, stdout=other)
    os.close(other)
    seen = bytearray()

    def read():
        while True:
            try:
                part = os.read(main, 65536)
            except OSError:
                return
            if not part:
                return
            seen.extend(part)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        local.cloud.send(job("a-job-with-a-long-name-that-takes-a-lot-of-room", repository(gate.buildspec)))
        until(lambda: b"running" in bytes(seen).rpartition(b"\x1b[2J")[2], "the running job")
        gate.open()
        until(lambda: b"succeeded" in bytes(seen).rpartition(b"\x1b[2J")[2], "its end")
    finally:
        watching.terminate()
        watching.wait(10)
    reader.join(5)
    screens = bytes(seen).decode(errors="replace").split("\x1b[2J")
    lines = [re.sub(r"\x1b\[[0-9;]*[mH]", "", line).rstrip("\r") for screen in screens for line in screen.split("\n")]
    table = [line for line in lines if line.startswith(("STATE", "running", "succeeded", "waiting"))]
    assert table and all(len(line) <= 60 for line in table), table
    assert slipway("jobs", "--watch", variables=variables).returncode == 64, "without a terminal the command says that it needs one"
    local.program.end()


def test_beyond_the_loopback_the_api_needs_tokens(start_daemon, endpoint, free_port, tmp_path):
    config = daemon_config(endpoint.address)
    file = tmp_path / "slipway.toml"
    file.write_text(config)
    port = free_port()
    anywhere = {"SLIPWAY__HTTP__LISTEN": f"0.0.0.0:{port}"}
    refused = slipway("run", "--config", file, variables=environment(endpoint.cloud.url, **anywhere))
    assert refused.returncode == 78 and "http.listen" in refused.stderr and "[http.tokens]" in refused.stderr
    missing = {**anywhere, "SLIPWAY__HTTP__TOKENS__STEER": "env:STEER"}
    refused = slipway("run", "--config", file, variables=environment(endpoint.cloud.url, **missing))
    assert refused.returncode == 78 and "the variable STEER is not set" in refused.stderr, refused.stderr

    daemon = start_daemon(endpoint.cloud.url, config, SLIPWAY__HTTP__API="false")
    daemon.is_ready()
    assert get(f"http://{daemon.http}/api/v1/jobs")[0] == 404 and get(f"http://{daemon.http}/metrics")[0] == 200

    token = "steer-0123456789abcdef"
    daemon = start_daemon(endpoint.cloud.url, config, SLIPWAY__HTTP__TOKENS__STEER="env:STEER", STEER=token).is_ready()
    url = f"http://{daemon.http}"
    assert get(f"{url}/api/v1/jobs")[0] == 401 and get(f"{url}/healthz")[0] == 200
    without = slipway("jobs", "--daemon", url)
    assert without.returncode == 1 and "http.tokens" in without.stderr, without.stderr
    with_it = slipway("jobs", "--daemon", url, variables=environment(SLIPWAY_TOKEN=token))
    assert with_it.returncode == 0, with_it.stderr
    assert token not in daemon.program.log


@pytest.mark.parametrize("variable", ["SLIPWAY__HTTP__TOKENS__READ"])
def test_a_token_in_the_configuration_is_refused(tmp_path, variable):
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config("127.0.0.1:4566"))
    answer = slipway("check", "--config", file, variables=environment(**{variable: "read-0123456789abcdef"}))
    assert answer.returncode == 78 and '"file:PATH" or "env:NAME"' in answer.stderr
