"""The daemon on moto, an emulator written by others: what we misread of AWS, our own endpoint cannot tell us.

moto's builds are canned: one succeeds as soon as somebody looks at it, its log has no name, and lists come oldest first.
"""

import json
from collections import Counter

import pytest

from cloud import Subscriber, job
from waiting import until

JOBS = 20
CONFIG = """\
[[queues]]
url = "{jobs}"
visibility = "30s"
wait = "1s"

[topic]
arn = "{topic}"
events = ["queued", "started", "finished", "rejected"]

[limits]
running = 5

[watch]
interval = "200ms"

[log]
settle = "0s"

[profiles.default]
project = "flex"
sources = ["https://github.com/acme/*"]
"""


@pytest.fixture
def deployed(moto):
    """Everything made by boto3; the daemon finds the dead-letter queue by the redrive policy. Returns the configuration."""
    dead = moto.sqs.create_queue(QueueName="slipway-jobs-dlq")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": moto.queue_arn(dead), "maxReceiveCount": "5"})
    jobs = moto.sqs.create_queue(QueueName="slipway-jobs", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    results = moto.sqs.create_queue(QueueName="slipway-results")["QueueUrl"]
    topic = moto.sns.create_topic(Name="slipway-events")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    moto.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=moto.queue_arn(results), Attributes=raw)
    moto.codebuild.create_project(
        name="flex",
        source={"type": "GITHUB", "location": "https://github.com/acme/placeholder"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/builds",
    )
    return CONFIG.format(jobs=jobs, topic=topic)


def test_twenty_jobs_are_carried_and_a_bad_message_is_buried(moto, deployed, start_daemon):
    for number in range(JOBS):
        moto.send(job(f"job-{number}", f"https://github.com/acme/app-{number}"))
    bad = moto.send("{}")
    start_daemon(moto.url, deployed).is_ready()
    subscriber = Subscriber(moto)
    wanted = {f"job-{number}/finished" for number in range(JOBS)} | {f"{bad}/rejected"}

    def all_told():
        subscriber.read(wait=1)
        return wanted <= {event["id"] for event in subscriber.events}

    until(all_told, "the end of every job")
    ends = subscriber.ends()
    assert Counter(event["id"] for event in ends) == Counter(wanted), "each end is told once"
    finished = [event["data"] for event in ends if event["type"] == "slipway.job.finished"]
    assert {data["status"] for data in finished} == {"succeeded"}
    assert len({data["build"]["id"] for data in finished}) == JOBS
    assert len(moto.codebuild.list_builds_for_project(projectName="flex")["ids"]) == JOBS
    jobs, dead = moto.queue_url("slipway-jobs"), moto.queue_url("slipway-jobs-dlq")
    until(lambda: moto.counts(jobs) == (0, 0), "an empty queue")
    [buried] = moto.take(dead)
    assert buried["Body"] == "{}" and "/version" in buried["MessageAttributes"]["slipway.problems"]["StringValue"]
