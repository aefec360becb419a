"""The daemon on moto, an emulator of another project: our own endpoint may share our misunderstandings of AWS.

moto's builds do not run: each succeeds at the first status read, its log has no name, and lists begin with the oldest build.
"""

import json
from collections import Counter

import pytest

import account
from cloud import Subscriber, job
from program import environment, slipway
from waiting import until

JOBS = 20


@pytest.fixture
def deployed(moto):
    """Creates what a daemon needs in moto. Returns its configuration."""
    return account.deploy(moto)


def test_twenty_jobs_are_built_and_an_invalid_message_is_dead_lettered(moto, deployed, start_daemon):
    for number in range(JOBS):
        moto.send(job(f"job-{number}", f"https://github.com/acme/app-{number}"))
    bad = moto.send("{}")
    start_daemon(moto.url, deployed).is_ready()
    subscriber = Subscriber(moto)
    wanted = {f"job-{number}/finished" for number in range(JOBS)} | {f"{bad}/rejected"}

    def all_events_arrived():
        subscriber.read(wait=1)
        return wanted <= {event["id"] for event in subscriber.events}

    until(all_events_arrived, "the end of every job")
    ends = subscriber.ends()
    assert Counter(event["id"] for event in ends) == Counter(wanted), "each end is published once"
    finished = [event["data"] for event in ends if event["type"] == "slipway.job.finished"]
    assert {data["status"] for data in finished} == {"succeeded"}
    assert len({data["build"]["id"] for data in finished}) == JOBS
    assert len(moto.codebuild.list_builds_for_project(projectName="flex")["ids"]) == JOBS
    jobs, dead = moto.queue_url("slipway-jobs"), moto.queue_url("slipway-jobs-dlq")
    until(lambda: moto.counts(jobs) == (0, 0), "an empty queue")
    [buried] = moto.take(dead)
    assert buried["Body"] == "{}" and "/version" in buried["MessageAttributes"]["slipway.problems"]["StringValue"]


def test_jobs_of_a_message_group_run_in_order_and_rejected_messages_leave_the_queue(moto, deployed, start_daemon, tmp_path):
    fifo = {"FifoQueue": "true"}
    dead = moto.sqs.create_queue(QueueName="slipway-jobs-dlq.fifo", Attributes=fifo)["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": moto.queue_arn(dead), "maxReceiveCount": "5"})
    jobs = moto.sqs.create_queue(QueueName="slipway-jobs.fifo", Attributes=fifo | {"RedrivePolicy": redrive})["QueueUrl"]
    for name in ["first", "wrong", "last"]:
        more = {"profile": "nobodys"} if name == "wrong" else {}
        body = job(name, "https://github.com/acme/app", tenant="team-a", **more)
        (tmp_path / name).write_text(json.dumps(body))
        answer = slipway("submit", "--queue-url", jobs, "--file", tmp_path / name, variables=environment(moto.url))
        assert answer.returncode == 0, answer.stderr
    start_daemon(moto.url, deployed.replace(moto.queue_url("slipway-jobs"), jobs)).is_ready()
    subscriber = Subscriber(moto)
    until(lambda: subscriber.read(wait=1) and len(subscriber.ends()) == 3, "three ends")
    assert [event["type"].rpartition(".")[2] for event in subscriber.ends()] == ["finished", "rejected", "finished"]
    until(lambda: moto.counts(jobs) == (0, 0), "an empty queue")
    [buried] = moto.take(dead)
    assert buried["Attributes"]["MessageGroupId"] == "team-a"
    assert json.loads(buried["Body"])["profile"] == "nobodys"
