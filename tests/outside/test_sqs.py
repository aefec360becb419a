"""The embedded endpoint's SQS, used by boto3."""

import hashlib
import json
import struct
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from waiting import until


@pytest.fixture
def sqs(cloud):
    return cloud.sqs


@pytest.fixture
def queue(sqs, unique):
    url = sqs.create_queue(QueueName=unique)["QueueUrl"]
    yield url
    sqs.delete_queue(QueueUrl=url)


def refused(code):
    """The call inside must be refused with this error code."""
    return pytest.raises(ClientError, match=rf"\({code}\)")


def receive(sqs, queue, count=10, **more):
    return sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=count, **more).get("Messages", [])


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


def md5_of_attributes(attributes):
    """By the developer guide: name, data type, kind of value and value, each with its length, in the order of names."""

    def part(value):
        data = value if isinstance(value, bytes) else value.encode()
        return struct.pack(">I", len(data)) + data

    encoded = b""
    for name, value in sorted(attributes.items()):
        kind, content = (b"\1", value["StringValue"]) if "StringValue" in value else (b"\2", value["BinaryValue"])
        encoded += part(name) + part(value["DataType"]) + kind + part(content)
    return hashlib.md5(encoded).hexdigest()


def test_a_message_keeps_its_attributes_and_checksums(sqs, queue):
    attributes = {
        "word": {"DataType": "String", "StringValue": "a word, ü"},
        "count": {"DataType": "Number", "StringValue": "7"},
        "bytes": {"DataType": "Binary", "BinaryValue": b"\0\xff"},
    }
    sent = sqs.send_message(QueueUrl=queue, MessageBody="Grüße", MessageAttributes=attributes)
    assert sent["MD5OfMessageBody"] == md5("Grüße")
    assert sent["MD5OfMessageAttributes"] == md5_of_attributes(attributes)
    [message] = receive(sqs, queue, MessageAttributeNames=["All"], AttributeNames=["All"])
    assert (message["MessageId"], message["Body"], message["MessageAttributes"]) == (sent["MessageId"], "Grüße", attributes)
    assert message["MD5OfBody"] == md5("Grüße") and message["MD5OfMessageAttributes"] == md5_of_attributes(attributes)
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert int(message["Attributes"]["SentTimestamp"]) <= int(message["Attributes"]["ApproximateFirstReceiveTimestamp"])


def test_batches_of_ten_are_sent_hidden_and_deleted(sqs, queue, cloud):
    entries = [{"Id": str(number), "MessageBody": f"body {number}"} for number in range(10)]
    assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == 10
    messages = receive(sqs, queue)
    assert sorted(message["Body"] for message in messages) == sorted(entry["MessageBody"] for entry in entries)
    handles = [{"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]} for number, message in enumerate(messages)]
    hidden = [handle | {"VisibilityTimeout": 600} for handle in handles]
    assert len(sqs.change_message_visibility_batch(QueueUrl=queue, Entries=hidden)["Successful"]) == 10
    assert cloud.counts(queue) == (0, 10)
    wrong = {"Id": "wrong", "ReceiptHandle": "not a handle"}
    answer = sqs.delete_message_batch(QueueUrl=queue, Entries=[*handles[:9], wrong])
    assert len(answer["Successful"]) == 9
    [failed] = answer["Failed"]
    assert (failed["Id"], failed["Code"], failed["SenderFault"]) == ("wrong", "ReceiptHandleIsInvalid", True)
    assert cloud.counts(queue) == (0, 1)


def test_invalid_batches_are_refused_as_a_whole(sqs, queue):
    entry = {"Id": "a", "MessageBody": "body"}
    with refused(".*EmptyBatchRequest"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[])
    with refused(".*TooManyEntriesInBatchRequest"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[entry | {"Id": str(number)} for number in range(11)])
    with refused(".*BatchEntryIdsNotDistinct"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[entry, entry])
    with refused(".*BatchRequestTooLong"):
        sqs.send_message_batch(QueueUrl=queue, Entries=[entry | {"Id": id, "MessageBody": "x" * 600_000} for id in "ab"])
    assert receive(sqs, queue) == []


def test_a_message_that_is_given_back_is_visible_again(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="once more")
    [first] = receive(sqs, queue, VisibilityTimeout=600)
    assert receive(sqs, queue) == []
    sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=first["ReceiptHandle"], VisibilityTimeout=0)
    [again] = receive(sqs, queue, AttributeNames=["ApproximateReceiveCount"])
    assert again["MessageId"] == first["MessageId"] and again["ReceiptHandle"] != first["ReceiptHandle"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_long_poll_returns_as_soon_as_there_is_a_message(sqs, queue, cloud):
    with ThreadPoolExecutor() as pool:
        poll = pool.submit(receive, sqs, queue, WaitTimeSeconds=20)
        cloud.client("sqs").send_message(QueueUrl=queue, MessageBody="now")
        assert [message["Body"] for message in poll.result(timeout=10)] == ["now"]


def test_a_delayed_message_is_visible_after_its_delay(sqs, queue):
    sqs.send_message(QueueUrl=queue, MessageBody="later", DelaySeconds=1)
    assert receive(sqs, queue) == []
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["ApproximateNumberOfMessagesDelayed"])
    assert attributes["Attributes"]["ApproximateNumberOfMessagesDelayed"] == "1"
    assert until(lambda: receive(sqs, queue, WaitTimeSeconds=1), "the delayed message", 10)[0]["Body"] == "later"


def test_a_message_received_too_often_moves_to_the_dead_letter_queue_and_back(sqs, queue, cloud, unique):
    dead = sqs.create_queue(QueueName=f"{unique}-dead")["QueueUrl"]
    policy = {"deadLetterTargetArn": cloud.queue_arn(dead), "maxReceiveCount": "1"}
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"RedrivePolicy": json.dumps(policy)})
    assert sqs.list_dead_letter_source_queues(QueueUrl=dead)["queueUrls"] == [queue]
    sent = sqs.send_message(QueueUrl=queue, MessageBody="poison")
    assert len(receive(sqs, queue, VisibilityTimeout=0)) == 1
    assert receive(sqs, queue) == []
    [message] = receive(sqs, dead, AttributeNames=["All"], VisibilityTimeout=0)
    assert message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["DeadLetterQueueSourceArn"] == cloud.queue_arn(queue)
    if "StartMessageMoveTask" not in sqs.meta.service_model.operation_names:
        # The old client does not have this operation.
        return
    task = sqs.start_message_move_task(SourceArn=cloud.queue_arn(dead))
    assert task["TaskHandle"]
    until(lambda: cloud.counts(queue) == (1, 0), "the message on its first queue")

    def tasks():
        return sqs.list_message_move_tasks(SourceArn=cloud.queue_arn(dead))["Results"]

    until(lambda: tasks()[0]["Status"] == "COMPLETED", "the end of the move")
    assert tasks()[0]["ApproximateNumberOfMessagesMoved"] == 1


def test_a_fifo_queue_keeps_the_order_of_groups_and_ignores_repeats(sqs, unique):
    url = sqs.create_queue(QueueName=f"{unique}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]

    def send(body, group, repeat=None):
        return sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=repeat or body)

    first, second = send("a1", "a"), send("a2", "a")
    assert int(first["SequenceNumber"]) < int(second["SequenceNumber"])
    send("b1", "b")
    assert send("a1 again", "a", repeat="a1")["MessageId"] == first["MessageId"]
    taken = receive(sqs, url, count=1, AttributeNames=["All"])
    assert [message["Body"] for message in taken] == ["a1"]
    assert taken[0]["Attributes"]["MessageGroupId"] == "a"
    assert [message["Body"] for message in receive(sqs, url)] == ["b1"], "group a waits for its first message"
    sqs.delete_message(QueueUrl=url, ReceiptHandle=taken[0]["ReceiptHandle"])
    assert [message["Body"] for message in receive(sqs, url)] == ["a2"]
    with refused("MissingParameter"):
        sqs.send_message(QueueUrl=url, MessageBody="no group")


def test_a_fifo_message_waits_for_those_before_it(sqs, unique):
    url = sqs.create_queue(QueueName=f"{unique}.fifo", Attributes={"FifoQueue": "true", "VisibilityTimeout": "600"})["QueueUrl"]
    for body in "123":
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="g", MessageDeduplicationId=body)
    first, second, third = receive(sqs, url)

    def show(message):
        sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0)

    show(second)
    assert receive(sqs, url) == []
    show(first)
    assert [message["Body"] for message in receive(sqs, url)] == ["1", "2"], "message 3 is still hidden"


def test_a_flood_of_one_group_does_not_delay_another(sqs, queue):
    def send(group, *bodies):
        entries = [{"Id": body, "MessageBody": body, "MessageGroupId": group} for body in bodies]
        assert len(sqs.send_message_batch(QueueUrl=queue, Entries=entries)["Successful"]) == len(bodies)

    for ten in range(5):
        send("flood", *(f"flood-{ten}{one}" for one in range(10)))
    send("small", "small")
    for _ in range(3):
        assert len(receive(sqs, queue)) == 10
    taken = receive(sqs, queue, count=3, AttributeNames=["MessageGroupId"])
    groups = [message["Attributes"]["MessageGroupId"] for message in taken]
    assert groups == ["flood", "small", "flood"], "a group with more than thirty messages in flight is noisy"


def test_a_purged_queue_is_empty(sqs, queue, cloud):
    sqs.send_message_batch(QueueUrl=queue, Entries=[{"Id": id, "MessageBody": id} for id in "abc"])
    receive(sqs, queue, count=1)
    sqs.purge_queue(QueueUrl=queue)
    until(lambda: cloud.counts(queue) == (0, 0), "the purge")
    with refused(".*PurgeQueueInProgress"):
        sqs.purge_queue(QueueUrl=queue)


def test_queues_are_created_found_tagged_and_deleted(sqs, unique):
    attributes = {"VisibilityTimeout": "45", "ReceiveMessageWaitTimeSeconds": "1"}
    url = sqs.create_queue(QueueName=unique, Attributes=attributes, tags={"team": "a"})["QueueUrl"]
    assert sqs.create_queue(QueueName=unique, Attributes=attributes)["QueueUrl"] == url
    with refused("QueueAlreadyExists"):
        sqs.create_queue(QueueName=unique, Attributes={"VisibilityTimeout": "46"})
    assert sqs.get_queue_url(QueueName=unique)["QueueUrl"] == url
    assert sqs.list_queues(QueueNamePrefix=unique)["QueueUrls"] == [url]
    known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert attributes.items() <= known.items() and known["QueueArn"].endswith(f":000000000000:{unique}")
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "50"})
    assert sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"] == {"VisibilityTimeout": "50"}
    sqs.tag_queue(QueueUrl=url, Tags={"stage": "test"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["team"])
    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"stage": "test"}
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName=unique)
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.send_message(QueueUrl=url, MessageBody="to nobody")


def test_the_limits_of_sqs_are_enforced(sqs, queue):
    with refused("InvalidParameterValue"):
        sqs.send_message(QueueUrl=queue, MessageBody="x" * (1024 * 1024 + 1))
    with refused("InvalidParameterValue"):
        receive(sqs, queue, count=11)
    with refused("InvalidParameterValue"):
        receive(sqs, queue, WaitTimeSeconds=21)
    sqs.send_message(QueueUrl=queue, MessageBody="x" * (1024 * 1024))
    [message] = receive(sqs, queue)
    with refused("InvalidParameterValue"):
        sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=43201)
    with refused("InvalidMessageContents"):
        sqs.send_message(QueueUrl=queue, MessageBody="\0")
