"""`slipway logs`: the log of a build, and of a job that has no build yet or never gets one."""

import subprocess

import pytest

from cloud import job
from program import SLIPWAY, environment, slipway
from test_follow import CHATTY, FAILING, follower, run  # noqa: F401 - `follower` is a fixture
from waiting import until

NOBODY = "0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f8"


def test_missing_jobs_and_logs_are_reported(local, unique):
    for what, words in [
        (unique, f"there is no build of {unique} among the newest of slipway"),
        (unique, f"to wait for its build: slipway logs {unique} --follow"),
        (f"slipway:{NOBODY}", f"there is no build slipway:{NOBODY}"),
    ]:
        answer = run(local, "logs", what)
        assert (answer.returncode, answer.stdout) == (3, "") and words in answer.stderr, answer
    unnamed = slipway("logs", unique)
    assert unnamed.returncode == 64 and "slipway local" in unnamed.stderr and "--client" in unnamed.stderr
    cancel = run(local, "submit", "--file", "-", "--follow", given='{"version": 1, "cancel": "x"}')
    assert cancel.returncode == 64 and "nothing to follow" in cancel.stderr


def test_logs_waits_for_the_build_of_a_job_and_ends_with_its_status(start_local, follower, repository, gate):
    local = start_local(SLIPWAY__LIMITS__RUNNING="1")
    local.cloud.send(job("first", repository(gate.buildspec)))
    local.subscriber.event("first/1/started")
    local.cloud.send(job("second", repository(FAILING)))
    waits = follower("logs", "second", "--follow", cloud=local.cloud)
    waits.says(lambda text: "whether it waits on the queue, has ended without a build, or was never sent, is not known" in text, "that it waits")
    logs = follower("logs", "second", "--follow", "--daemon", f"http://{local.http}", cloud=local.cloud)
    logs.says(lambda text: "second has no build yet: it waits: " in text, "why it waits")
    asked = run(local, "logs", "second", "--daemon", f"http://{local.http}")
    assert asked.returncode == 3 and "of slipway: it waits: " in asked.stderr and "slipway show second" in asked.stderr, asked.stderr
    gate.open()
    assert logs.code() == 1 and "second failed in BUILD" in logs.log
    assert waits.code() == 1 and "red" in waits.output.splitlines() and "second failed in BUILD" in waits.log
    # Without --follow, a failed build is no error of the command. With it, it is.
    assert run(local, "logs", "second").returncode == 0
    assert run(local, "logs", "second", "--follow").returncode == 1
    assert run(local, "logs", "first", "--follow").returncode == 0
    local.program.end()


def test_logs_says_that_a_job_was_rejected_and_why(start_local):
    local = start_local()
    local.cloud.send(job("refused", "https://example.com/a/b"))
    local.subscriber.event("refused/rejected")
    until(lambda: local.cloud.counts(local.cloud.queue_url("slipway-jobs-dlq"))[0] == 1, "the dead letter")
    answer = run(local, "logs", "refused", "--daemon", f"http://{local.http}")
    assert (answer.returncode, answer.stdout) == (2, ""), answer.stderr
    assert "refused rejected\n  - /source/url: is not among the sources" in answer.stderr and "slipway dlq show " in answer.stderr
    unknown = run(local, "logs", "unknown", "--daemon", f"http://{local.http}")
    assert unknown.returncode == 3 and "does not know unknown" in unknown.stderr and "slipway dlq ls" in unknown.stderr
    local.program.end()


def test_logs_ends_with_a_job_that_has_no_build(start_local, follower):
    local = start_local()
    daemon = ["--daemon", f"http://{local.http}"]
    assert slipway("pause", *daemon).returncode == 0
    assert slipway("pause", "--tenant", "held", *daemon).returncode == 0
    # A paused queue is not received from. The jobs of a paused tenant are received and wait.
    resumed = slipway("resume", *daemon)
    assert resumed.returncode == 0 and "still paused: tenant held" in resumed.stderr and "slipway resume --tenant held" in resumed.stderr, resumed
    local.cloud.send(job("before", "file:///srv/app", tenant="held"))
    local.cloud.send(job("after", "file:///srv/app", tenant="held"))
    waits = follower("logs", "after", "--follow", *daemon, cloud=local.cloud)
    waits.says(lambda text: "after has no build yet: it waits: " in text, "that it waits")
    # The daemon's list is up to one second old.
    listed = until(lambda: (text := slipway("jobs", *daemon).stdout) and "before" in text and text, "the waiting job in the list")
    assert "paused: tenant held since " in listed, listed
    assert slipway("cancel", "before", "after", "--reason", "not needed", *daemon).returncode == 0
    local.subscriber.event("before/finished")
    assert waits.code() == 1 and "after cancelled\n  not needed\n" in waits.log, waits.log
    for options, code in [(["--follow"], 1), ([], 3)]:
        answer = run(local, "logs", "before", *options, *daemon)
        assert (answer.returncode, answer.stdout) == (code, ""), answer
        assert answer.stderr == "before cancelled\n  not needed\n  it ended before it had a build, so there is no log\n"
    local.program.end()


@pytest.mark.parametrize("command", ["logs", "show", "cancel"])
def test_an_invalid_name_of_a_job_is_wrong_usage(command):
    for name in ("", "a b", "slipway:none"):
        answer = slipway(command, name, variables=environment("http://127.0.0.1:1"))
        assert answer.returncode == 64 and "must be 1 to 64 characters" in answer.stderr, answer


def test_a_closed_output_is_not_a_failure_of_the_build(local, repository, unique):
    local.cloud.send(job(unique, repository(CHATTY)))
    local.subscriber.event(f"{unique}/finished")
    script = f"{SLIPWAY} logs {unique} | head -n 1"
    answer = subprocess.run(["sh", "-c", script], env=environment(local.cloud.url), capture_output=True, text=True, timeout=60, check=False)
    assert answer.stdout.startswith("[Container] ") and "error" not in answer.stderr, answer
    # The exit code of the command itself, with its stderr unread too.
    for unread in (f"{SLIPWAY} logs {unique} | true", f"{SLIPWAY} logs {unique} --json --follow | true", f"{SLIPWAY} logs {unique} 2>&1 | true"):
        script = f"set -o pipefail; sleep 0 && {unread}"
        answer = subprocess.run(["bash", "-c", script], env=environment(local.cloud.url), capture_output=True, text=True, timeout=60, check=False)
        assert (answer.returncode, "error" in answer.stderr) == (0, False), (unread, answer)
