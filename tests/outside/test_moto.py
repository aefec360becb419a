"""The daemon on moto, an emulator written by others: what we misread of AWS, our own endpoint cannot tell us.

moto's builds are canned: one succeeds as soon as somebody looks at it, its log has no name, and lists come oldest first.
"""

from collections import Counter

import pytest

import account
from cloud import Subscriber, job
from waiting import until

JOBS = 20


@pytest.fixture
def deployed(moto):
    """What a daemon needs, in moto; its configuration."""
    return account.deploy(moto)


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
