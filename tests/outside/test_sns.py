"""The embedded endpoint's SNS, used by boto3."""

import json

import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def topic(cloud, unique):
    arn = cloud.sns.create_topic(Name=unique)["TopicArn"]
    yield arn
    cloud.sns.delete_topic(TopicArn=arn)


@pytest.fixture
def subscribe(cloud, topic, unique):
    """A function that subscribes a new queue to the topic. Returns the URL of the queue and the ARN of the subscription."""
    made = []

    def make(fifo=False, **attributes):
        suffix = ".fifo" if fifo else ""
        name = f"{unique}-{len(made)}{suffix}"
        url = cloud.sqs.create_queue(QueueName=name, Attributes={"FifoQueue": "true"} if fifo else {})["QueueUrl"]
        made.append(url)
        endpoint = cloud.queue_arn(url)
        answer = cloud.sns.subscribe(
            TopicArn=topic, Protocol="sqs", Endpoint=endpoint, Attributes=attributes, ReturnSubscriptionArn=True
        )
        return url, answer["SubscriptionArn"]

    return make


def text(value):
    return {"DataType": "String", "StringValue": value}


def test_raw_delivery_keeps_the_message_and_its_attributes(cloud, topic, subscribe):
    url, _ = subscribe(RawMessageDelivery="true")
    cloud.sns.publish(TopicArn=topic, Message='{"a": 1}', Subject="a subject", MessageAttributes={"status": text("failed")})
    [message] = cloud.take(url)
    assert message["Body"] == '{"a": 1}'
    assert message["MessageAttributes"] == {"status": text("failed")}


def test_without_raw_delivery_the_message_is_in_an_envelope(cloud, topic, subscribe):
    url, _ = subscribe()
    sent = cloud.sns.publish(TopicArn=topic, Message="body", Subject="a subject", MessageAttributes={"status": text("failed")})
    [message] = cloud.take(url)
    envelope = json.loads(message["Body"])
    assert "MessageAttributes" not in message
    expected = {"Type": "Notification", "MessageId": sent["MessageId"], "TopicArn": topic, "Subject": "a subject", "Message": "body"}
    assert expected.items() <= envelope.items()
    assert envelope["MessageAttributes"] == {"status": {"Type": "String", "Value": "failed"}}
    assert {"Timestamp", "SignatureVersion", "Signature", "SigningCertURL", "UnsubscribeURL"} <= envelope.keys()


def test_filter_policies_choose_by_attributes_or_by_body(cloud, topic, subscribe):
    policy = {"status": ["failed", {"prefix": "err"}], "tenant": [{"anything-but": ["team-b"]}]}
    by_attributes, _ = subscribe(RawMessageDelivery="true", FilterPolicy=json.dumps(policy))
    policy = {"data": {"attempt": [{"numeric": [">", 1]}]}}
    by_body, _ = subscribe(RawMessageDelivery="true", FilterPolicy=json.dumps(policy), FilterPolicyScope="MessageBody")
    everything, _ = subscribe(RawMessageDelivery="true")

    def publish(attempt, **attributes):
        message = json.dumps({"data": {"attempt": attempt}, "says": f"{attempt} {attributes}"})
        cloud.sns.publish(TopicArn=topic, Message=message, MessageAttributes={name: text(value) for name, value in attributes.items()})
        return message

    failed = publish(1, status="failed", tenant="team-a")
    errored = publish(2, status="errored", tenant="team-a")
    others = publish(3, status="failed", tenant="team-b")
    fine = publish(1, status="succeeded", tenant="team-a")
    bare = publish(1)

    def bodies(url):
        return {message["Body"] for message in cloud.take(url)}

    assert bodies(by_attributes) == {failed, errored}
    assert bodies(by_body) == {errored, others}
    assert bodies(everything) == {failed, errored, others, fine, bare}


def test_a_batch_is_published_entry_by_entry(cloud, topic, subscribe):
    url, _ = subscribe(RawMessageDelivery="true")
    entries = [{"Id": str(number), "Message": f"message {number}", "MessageAttributes": {"n": text(str(number))}} for number in range(10)]
    answer = cloud.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    assert sorted(entry["Id"] for entry in answer["Successful"]) == sorted(entry["Id"] for entry in entries)
    assert answer.get("Failed", []) == []
    assert {message["Body"] for message in cloud.take(url)} == {entry["Message"] for entry in entries}
    with pytest.raises(cloud.sns.exceptions.TooManyEntriesInBatchRequestException):
        cloud.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[*entries, {"Id": "ten", "Message": "one too many"}])
    with pytest.raises(cloud.sns.exceptions.BatchEntryIdsNotDistinctException):
        cloud.sns.publish_batch(TopicArn=topic, PublishBatchRequestEntries=[entries[0], entries[0]])


def test_a_subscription_is_changed_and_removed(cloud, topic, subscribe):
    url, subscription = subscribe()
    cloud.sns.set_subscription_attributes(SubscriptionArn=subscription, AttributeName="RawMessageDelivery", AttributeValue="true")
    attributes = cloud.sns.get_subscription_attributes(SubscriptionArn=subscription)["Attributes"]
    assert (attributes["RawMessageDelivery"], attributes["TopicArn"], attributes["Protocol"]) == ("true", topic, "sqs")
    [listed] = cloud.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (listed["SubscriptionArn"], listed["Endpoint"]) == (subscription, cloud.queue_arn(url))
    assert subscription in {other["SubscriptionArn"] for other in cloud.sns.list_subscriptions()["Subscriptions"]}
    cloud.sns.unsubscribe(SubscriptionArn=subscription)
    cloud.sns.publish(TopicArn=topic, Message="to nobody")
    assert cloud.take(url) == []
    with pytest.raises(cloud.sns.exceptions.NotFoundException):
        cloud.sns.get_subscription_attributes(SubscriptionArn=subscription)
    with pytest.raises(cloud.sns.exceptions.InvalidParameterException):
        subscribe(FilterPolicy="not json")


def test_topics_are_created_found_tagged_and_deleted(cloud, unique):
    sns = cloud.sns
    arn = sns.create_topic(Name=unique, Tags=[{"Key": "team", "Value": "a"}])["TopicArn"]
    assert sns.create_topic(Name=unique, Tags=[{"Key": "team", "Value": "a"}])["TopicArn"] == arn
    assert arn in {topic["TopicArn"] for topic in sns.list_topics()["Topics"]}
    sns.set_topic_attributes(TopicArn=arn, AttributeName="DisplayName", AttributeValue="Builds")
    assert sns.get_topic_attributes(TopicArn=arn)["Attributes"]["DisplayName"] == "Builds"
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["team"])
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    sns.delete_topic(TopicArn=arn)
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=arn, Message="to nobody")


def test_a_fifo_topic_delivers_repeats_once(cloud, unique):
    arn = cloud.sns.create_topic(Name=f"{unique}.fifo", Attributes={"FifoTopic": "true"})["TopicArn"]
    url = cloud.sqs.create_queue(QueueName=f"{unique}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
    cloud.sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=cloud.queue_arn(url), Attributes={"RawMessageDelivery": "true"})
    for message, repeat in [("one", "1"), ("one again", "1"), ("two", "2")]:
        answer = cloud.sns.publish(TopicArn=arn, Message=message, MessageGroupId="app", MessageDeduplicationId=repeat)
        assert answer["SequenceNumber"]
    assert [message["Body"] for message in cloud.take(url)] == ["one", "two"]


def test_input_that_sns_refuses_is_refused(cloud, topic):
    for wrong in ({"Message": ""}, {"Message": "x" * (256 * 1024 + 1)}, {"Message": "m", "Subject": "two\nlines"}):
        with pytest.raises(ClientError, match="InvalidParameter"):
            cloud.sns.publish(TopicArn=topic, **wrong)
