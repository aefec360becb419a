"""The guide for subscribers: its command creates the subscription that it describes."""

import json

import manual
from cloud import job
from waiting import until


def test_the_subscription_in_the_guide_gets_the_failures_of_one_tenant(start_local, tmp_path):
    cloud = start_local().cloud
    queue = cloud.sqs.create_queue(QueueName="team-a")["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    topic = cloud.sns.list_topics()["Topics"][0]["TopicArn"]
    manual.run(manual.commands("docs/subscribers.md", "aws sns subscribe"), cloud, tmp_path, TOPIC_ARN=topic, QUEUE_ARN=arn)
    for tenant in ("team-b", "team-a"):
        cloud.send(job(f"of-{tenant}", f"file://{tmp_path}/no-repository", tenant=tenant))

    def received():
        return cloud.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages")

    [message] = until(received, "the event")
    event = json.loads(message["Body"])
    assert (event["id"], event["data"]["status"]) == ("of-team-a/finished", "failed")
