"""An account with what a daemon needs: queues, a topic, a project."""

import json

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


def deploy(cloud):
    """Creates everything by boto3. The daemon finds the dead-letter queue by the redrive policy. Returns the configuration."""
    dead = cloud.sqs.create_queue(QueueName="slipway-jobs-dlq")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": cloud.queue_arn(dead), "maxReceiveCount": "5"})
    jobs = cloud.sqs.create_queue(QueueName="slipway-jobs", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    results = cloud.sqs.create_queue(QueueName="slipway-results")["QueueUrl"]
    topic = cloud.sns.create_topic(Name="slipway-events")["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.queue_arn(results), Attributes=raw)
    cloud.codebuild.create_project(
        name="flex",
        source={"type": "GITHUB", "location": "https://github.com/acme/placeholder"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment={"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole="arn:aws:iam::123456789012:role/builds",
    )
    return CONFIG.format(jobs=jobs, topic=topic)
