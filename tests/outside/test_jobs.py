"""Jobs from AWS's own clients to their events, through `slipway local`."""

import json
import subprocess

from cloud import job
from program import SCRIPTS, environment, slipway

FAILING = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo before\n      - echo the compiler complains >&2; exit 3\n"
EXPORTING = """\
version: 0.2
env:
  exported-variables: [SLIPWAY_RESULT]
phases:
  build:
    commands:
      - echo attempt $SLIPWAY_ATTEMPT of $SLIPWAY_JOB_ID says $GREETING
      - export SLIPWAY_RESULT='{"images":[]}'
"""


def test_a_job_sent_by_boto3_is_built_and_its_events_arrive(local, repository, unique):
    labels = {"release": "1.4.2"}
    local.cloud.send(job(unique, repository(EXPORTING), labels=labels, env=[{"name": "GREETING", "value": "hello"}]))
    queued = local.subscriber.event(f"{unique}/queued")
    started = local.subscriber.event(f"{unique}/1/started")
    finished = local.subscriber.event(f"{unique}/finished")
    assert [event["type"] for event in (queued, started, finished)] == [
        "slipway.job.queued",
        "slipway.job.started",
        "slipway.job.finished",
    ]
    data = finished["data"]
    assert (data["status"], data["attempt"], data["job"]["labels"]) == ("succeeded", 1, labels)
    assert f"attempt 1 of {unique} says hello" in data["log"]["excerpt"] and data["log"]["complete"]
    assert len(data["job"]["source"]["commit"]) == 40
    build = local.cloud.codebuild.batch_get_builds(ids=[data["build"]["id"]])["builds"][0]
    assert build["buildStatus"] == "SUCCEEDED" and build["arn"] == data["build"]["arn"]


def test_a_job_sent_by_the_aws_cli_is_built_and_the_cli_reads_its_event(local, repository, unique):
    def aws(*arguments):
        # Version 1 of the CLI ignores AWS_ENDPOINT_URL for SQS.
        command = [SCRIPTS / "aws", "--endpoint-url", local.cloud.url, "--output", "json", *arguments]
        answer = subprocess.run(command, env=environment(local.cloud.url), capture_output=True, text=True, timeout=60, check=False)
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout or "null")

    jobs = aws("sqs", "get-queue-url", "--queue-name", "slipway-jobs")["QueueUrl"]
    sent = aws("sqs", "send-message", "--queue-url", jobs, "--message-body", json.dumps(job(unique, repository())))
    finished = local.subscriber.event(f"{unique}/finished")
    assert finished["data"]["job"]["message_id"] == sent["MessageId"]
    build = aws("codebuild", "batch-get-builds", "--ids", finished["data"]["build"]["id"])["builds"][0]
    assert build["buildStatus"] == "SUCCEEDED"
    log = finished["data"]["log"]
    lines = aws("logs", "get-log-events", "--log-group-name", log["group"], "--log-stream-name", log["stream"], "--start-from-head")
    assert any(f"built {unique}" in event["message"] for event in lines["events"])
    assert aws("sts", "get-caller-identity")["Account"] == "000000000000"


def test_the_event_of_a_failed_build_says_what_failed(local, repository, unique):
    local.cloud.send(job(unique, repository(FAILING)))
    data = local.subscriber.event(f"{unique}/finished")["data"]
    assert data["status"] == "failed"
    assert (data["failure"]["kind"], data["failure"]["phase"]) == ("build", "BUILD")
    assert "the compiler complains" in data["log"]["excerpt"]
    assert any(phase["name"] == "BUILD" and phase["status"] == "FAILED" for phase in data["build"]["phases"])


def test_the_same_job_sent_twice_is_built_once(local, repository, unique):
    body = job(unique, repository())
    local.cloud.send(body)
    first = local.subscriber.event(f"{unique}/finished")
    local.subscriber.events.clear()
    local.cloud.send(body)
    again = local.subscriber.event(f"{unique}/finished")
    assert again["id"] == first["id"]
    assert [again["data"][key] for key in ("status", "build")] == [first["data"][key] for key in ("status", "build")]
    assert len(local.cloud.builds_of("slipway", unique)) == 1


def test_a_running_job_is_cancelled_by_a_message(local, repository, gate, unique):
    local.cloud.send(job(unique, repository(gate.buildspec)))
    local.subscriber.event(f"{unique}/1/started")
    local.cloud.send({"version": 1, "cancel": unique, "reason": "no longer wanted"})
    assert local.subscriber.event(f"{unique}/finished")["data"]["status"] == "cancelled"
    assert [build["buildStatus"] for build in local.cloud.builds_of("slipway", unique)] == ["STOPPED"]


def test_submit_sends_a_job_to_the_queue(local, repository, unique):
    url, variables = repository(), environment(local.cloud.url)
    answer = slipway("submit", "--url", url, "--revision", "main", "--label", f"test={unique}", variables=variables)
    assert answer.returncode == 0, answer.stderr
    finished = local.subscriber.event(f"{answer.stdout.strip()}/finished")
    assert (finished["data"]["status"], finished["data"]["job"]["labels"]) == ("succeeded", {"test": unique})
    answer = slipway("submit", "--file", "-", variables=variables, given=json.dumps(job(f"{unique}-file", url)))
    assert answer.stdout.strip() == f"{unique}-file", answer.stderr
    assert local.subscriber.event(f"{unique}-file/finished")["data"]["status"] == "succeeded"
