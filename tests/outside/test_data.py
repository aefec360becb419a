"""`slipway local --data`: the state after a `kill -9`, and how the next process continues."""

import itertools
import os
import sqlite3
import threading
from pathlib import Path

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from cloud import job, variables
from program import environment, slipway
from waiting import until


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def start(start_local, data):
    """A function that starts local mode with the test's data."""
    started = []

    def run(*arguments, **more):
        started.append(start_local("--data", data, *arguments, **more))
        return started[-1]

    yield run
    for local in started:
        local.program.end()


def has_ended(pid):
    """Whether a process has ended, even if it is a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


def log_of(cloud, build):
    """The log of a build from its beginning, as one text."""
    read = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"], "startFromHead": True}
    answer, text = cloud.logs.get_log_events(**read), ""
    while answer["events"]:
        text += "".join(event["message"] for event in answer["events"])
        answer = cloud.logs.get_log_events(**read, nextToken=answer["nextForwardToken"])
    return text


def test_after_a_kill_every_job_ends_once_and_running_builds_are_retried(start, repository, tmp_path):
    marks, gate = tmp_path / "marks", tmp_path / "gate"
    marks.mkdir()
    # Each attempt writes its process id. The gate opens only after the kill.
    command = (
        f"echo $$ > {marks}/$SLIPWAY_JOB_ID-$SLIPWAY_ATTEMPT; echo attempt $SLIPWAY_ATTEMPT speaks; "
        f"for turn in $(seq 1200); do [ -e {gate} ] && break; sleep 0.1; done"
    )
    url = repository(f"version: 0.2\nphases:\n  build:\n    commands:\n      - {command}\n")
    # The visibility timeout is the shortest that is allowed: the job waits for that long after the kill.
    settings = {"SLIPWAY__LIMITS__RUNNING": "2", "SLIPWAY__QUEUES__0__VISIBILITY": "30s"}
    first = start(**settings)
    cloud, subscriber = first.cloud, first.subscriber
    jobs = [f"job-{number}" for number in range(6)]
    sent = {name: cloud.send(job(name, url)) for name in jobs}
    rejected = cloud.send("no job at all")
    until(lambda: subscriber.read(1) and sum(event["type"] == "slipway.job.started" for event in subscriber.events) == 2, "two builds")
    running = [event["data"]["build"]["id"] for event in subscriber.events if event["type"] == "slipway.job.started"]
    ids = until(lambda: all(ids := [mark.read_text().strip() for mark in marks.iterdir()]) and len(ids) == 2 and ids, "two processes")
    before = cloud.codebuild.batch_get_builds(ids=running)["builds"]
    until(lambda: all("attempt 1 speaks" in log_of(cloud, build) for build in before), "the builds' logs")

    first.program.kill()
    # The processes of the builds end with the endpoint.
    until(lambda: all(map(has_ended, ids)), "the end of the builds' processes")
    gate.touch()
    start(listen=first.address, **settings)
    for build, was in zip(cloud.codebuild.batch_get_builds(ids=running)["builds"], before, strict=True):
        assert (build["buildStatus"], build["buildComplete"], build["currentPhase"]) == ("FAULT", True, "COMPLETED")
        *_, broken, completed = build["phases"]
        assert (broken["phaseType"], broken["phaseStatus"]) == ("BUILD", "FAULT")
        assert [context["statusCode"] for context in broken["contexts"]] == ["INTERNAL_SERVICE_ERROR"]
        assert completed["phaseType"] == "COMPLETED" and build["endTime"] == completed["startTime"] == broken["endTime"]
        assert build["logs"] == was["logs"] and "attempt 1 speaks" in log_of(cloud, build)

    ends = {f"{name}/finished" for name in jobs} | {f"{rejected}/rejected"}
    until(lambda: subscriber.read(1) is not None and ends <= {event["id"] for event in subscriber.events}, "every end", 120)
    until(lambda: cloud.counts(cloud.queue_url("slipway-jobs")) == (0, 0), "an empty queue")
    subscriber.read()
    assert sorted(event["id"] for event in subscriber.ends()) == sorted(ends), "each end is published once"
    interrupted = {variables(build)["SLIPWAY_JOB_ID"] for build in before}
    for event in subscriber.ends():
        if event["subject"] in sent:
            data, name = event["data"], event["subject"]
            attempts = 2 if name in interrupted else 1
            assert (data["status"], data["attempt"], data["job"]["message_id"]) == ("succeeded", attempts, sent[name])
            assert len(cloud.builds_of("slipway", name)) == attempts
            assert f"attempt {attempts} speaks" in data["log"]["excerpt"]


def test_messages_in_flight_become_visible_after_their_timeout(start):
    first = start("--no-daemon")
    cloud = first.cloud
    attributes = {"VisibilityTimeout": "5"}
    queue = cloud.sqs.create_queue(QueueName="notes", Attributes=attributes, tags={"of": "the test"})["QueueUrl"]
    fifo = cloud.sqs.create_queue(QueueName="notes.fifo", Attributes={"FifoQueue": "true", **attributes})["QueueUrl"]
    in_order = {"QueueUrl": fifo, "MessageGroupId": "g"}
    for name in ("one", "two"):
        cloud.send(name, "notes")
        cloud.sqs.send_message(**in_order, MessageBody=name, MessageDeduplicationId=name)
    taken = [cloud.sqs.receive_message(QueueUrl=url)["Messages"][0] for url in (queue, fifo)]
    long = cloud.sqs.create_queue(QueueName="long")["QueueUrl"]
    cloud.send("held", "long")
    [held] = cloud.sqs.receive_message(QueueUrl=long, VisibilityTimeout=600)["Messages"]

    first.program.kill()
    start("--no-daemon", listen=first.address)
    assert cloud.sqs.list_queue_tags(QueueUrl=queue)["Tags"] == {"of": "the test"}
    again = cloud.sqs.send_message(**in_order, MessageBody="one", MessageDeduplicationId="one")
    assert again["MessageId"] == taken[1]["MessageId"], "the same deduplication id gives the same message"
    for url in (queue, fifo):
        until(lambda: cloud.counts(url) == (2, 0), "the message that was in flight")
        received = cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"])["Messages"]
        counts = {message["Body"]: message["Attributes"]["ApproximateReceiveCount"] for message in received}
        assert counts == {"one": "2", "two": "1"}
    # A handle from before the kill is still known as one of an older or of the latest receive.
    cloud.sqs.delete_message(QueueUrl=queue, ReceiptHandle=taken[0]["ReceiptHandle"])
    assert sum(cloud.counts(queue)) == 2
    assert cloud.counts(long) == (0, 1)
    cloud.sqs.delete_message(QueueUrl=long, ReceiptHandle=held["ReceiptHandle"])
    assert cloud.counts(long) == (0, 0)


def test_a_kill_at_any_moment_loses_nothing_that_was_accepted(start):
    """Senders, publishers and a consumer work while the endpoint is killed three times."""
    local = start("--no-daemon")
    cloud, address = local.cloud, local.address
    url = cloud.sqs.create_queue(QueueName="load", Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    topic = cloud.sns.create_topic(Name="load")["TopicArn"]
    copies = [cloud.sqs.create_queue(QueueName=f"copy-{number}")["QueueUrl"] for number in range(2)]
    for copy in copies:
        attributes = {"RawMessageDelivery": "true"}
        cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.queue_arn(copy), Attributes=attributes)
    accepted, published, deleting, deleted = set(), set(), set(), set()
    numbers, over = itertools.count(), threading.Event()

    def send():
        body = str(next(numbers))
        cloud.sqs.send_message(QueueUrl=url, MessageBody=body)
        accepted.add(body)

    def publish():
        text = str(next(numbers))
        cloud.sns.publish(TopicArn=topic, Message=text)
        published.add(text)

    def consume():
        for message in cloud.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=2).get("Messages", []):
            # A delete without an answer may or may not have been carried out.
            deleting.add(message["Body"])
            cloud.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            assert message["Body"] not in deleted, "a deleted message came again"
            deleted.add(message["Body"])

    failures = []

    def work(once):
        while not over.is_set():
            try:
                once()
            except (BotoCoreError, ClientError):
                # The endpoint is down. A call without an answer may or may not have been carried out.
                over.wait(0.05)
            except Exception as error:
                failures.append(error)
                return

    workers = [threading.Thread(target=work, args=(once,)) for once in (send, send, publish, consume)]
    for worker in workers:
        worker.start()
    try:
        for _ in range(3):
            goal = len(accepted) + 150, len(published) + 75, len(deleted) + 30
            until(lambda: failures or all(map(lambda done, wanted: len(done) >= wanted, (accepted, published, deleted), goal)), "work")
            local.program.kill()
            local = start("--no-daemon", listen=address)
    finally:
        over.set()
        for worker in workers:
            worker.join(60)
    assert not failures
    found = set()
    until(lambda: not found.update(message["Body"] for message in cloud.take(url, 1)) and cloud.counts(url) == (0, 0), "an empty queue")
    assert accepted - deleting <= found, "a message that was accepted and not deleted must be there"
    delivered = []
    for copy in copies:
        bodies = []
        while messages := cloud.take(copy):
            bodies += [message["Body"] for message in messages]
        assert published <= set(bodies) and len(bodies) == len(set(bodies))
        delivered.append(set(bodies))
    assert delivered[0] == delivered[1], "a message published is in both queues or in none"


def test_changes_survive_a_kill(start):
    first = start("--no-daemon")
    cloud = first.cloud
    jobs, policy = cloud.queue_url("slipway-jobs"), '{"deadLetterTargetArn":"%s","maxReceiveCount":"2"}'
    policy %= cloud.queue_arn(cloud.queue_url("slipway-jobs-dlq"))
    cloud.sqs.set_queue_attributes(QueueUrl=jobs, Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "77"})
    topic = cloud.sns.list_topics()["Topics"][0]["TopicArn"]
    [subscription] = cloud.sns.list_subscriptions()["Subscriptions"]
    arn = subscription["SubscriptionArn"]
    cloud.sns.set_subscription_attributes(SubscriptionArn=arn, AttributeName="RawMessageDelivery", AttributeValue="false")
    cloud.codebuild.update_project(name="slipway", description="changed")

    first.program.end()
    start("--no-daemon", listen=first.address)
    attributes = cloud.sqs.get_queue_attributes(QueueUrl=jobs, AttributeNames=["All"])["Attributes"]
    assert (attributes["RedrivePolicy"], attributes["VisibilityTimeout"]) == (policy, "77")
    assert cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == [subscription]
    assert cloud.sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["RawMessageDelivery"] == "false"
    assert cloud.codebuild.batch_get_projects(names=["slipway"])["projects"][0]["description"] == "changed"


def test_only_the_owner_can_read_the_data(start, data):
    data.mkdir(mode=0o755)
    data.chmod(0o755)
    old = os.umask(0o022)
    try:
        local = start("--no-daemon")
    finally:
        os.umask(old)
    local.cloud.send("secret")
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in [data, *data.iterdir()]}
    assert modes == {"data": "0o700", "aws.sqlite3": "0o600", "aws.sqlite3-wal": "0o600"}


def test_an_unusable_folder_is_refused_by_name(start, data, tmp_path):
    def refusal(folder, **variables):
        answer = slipway("local", "--no-daemon", "--listen", "127.0.0.1:0", "--data", folder, variables=environment(**variables))
        assert (answer.returncode, answer.stdout) == (1, "")
        assert f"cannot keep the data in {folder}" in answer.stderr
        return answer.stderr

    file = tmp_path / "file"
    file.touch()
    assert "cannot make the folder" in refusal(file)
    local = start("--no-daemon")
    assert "is in use by another process" in refusal(data)
    local.program.kill()
    assert "in region us-east-1" in refusal(data, AWS_REGION="eu-west-1")
    with sqlite3.connect(data / "aws.sqlite3") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    assert "was written by a newer version" in refusal(data)
    (data / "aws.sqlite3").write_bytes(b"")
    emptied = refusal(data)
    assert f"{data / 'aws.sqlite3'} is empty" in emptied and "put a copy of it back" in emptied
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    (shared / "notes").touch()
    assert "make its mode 700" in refusal(shared)
