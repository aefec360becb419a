"""An AWS endpoint, used by boto3, and a subscriber of the topic."""

import json
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

from program import REGION
from waiting import until

TERMINAL = ("slipway.job.finished", "slipway.job.rejected")


class Cloud:
    """Clients for one endpoint. They do not retry, so every error of the endpoint is visible."""

    def __init__(self, url, authority=None):
        """`authority`: the file with the certificate of the authority that signed the endpoint's certificate."""
        self.url = url
        session = boto3.Session("local", "local", region_name=REGION)
        settings = Config(retries={"total_max_attempts": 1}, read_timeout=40)

        def client(name):
            return session.client(name, endpoint_url=url, config=settings, verify=authority)

        self.sqs, self.sns, self.sts = client("sqs"), client("sns"), client("sts")
        self.codebuild, self.logs = client("codebuild"), client("logs")
        self.client = client

    def queue_url(self, name):
        return self.sqs.get_queue_url(QueueName=name)["QueueUrl"]

    def queue_arn(self, url):
        return self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    def counts(self, url):
        """How many messages are visible, and how many are in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return tuple(int(attributes[name]) for name in names)

    def send(self, job, queue="slipway-jobs"):
        """Sends a job, or any text; returns the message's id."""
        body = job if isinstance(job, str) else json.dumps(job)
        return self.sqs.send_message(QueueUrl=self.queue_url(queue), MessageBody=body)["MessageId"]

    def take(self, url, wait=0):
        """Receives up to ten messages, deletes and returns them."""
        answer = self.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=wait, MessageAttributeNames=["All"], AttributeNames=["All"]
        )
        messages = answer.get("Messages", [])
        for message in messages:
            self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return messages

    def builds_of(self, project, job):
        """The builds of a job."""
        ids = self.codebuild.list_builds_for_project(projectName=project)["ids"]
        builds = self.codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
        return [build for build in builds if variables(build).get("SLIPWAY_JOB_ID") == job]


def variables(build):
    return {variable["name"]: variable["value"] for variable in build["environment"]["environmentVariables"]}


class Subscriber:
    """Reads a queue that is subscribed to the topic, and keeps every event, also repeated ones."""

    def __init__(self, cloud, queue="slipway-results"):
        self._cloud, self._url = cloud, cloud.queue_url(queue)
        self.events = []

    def read(self, wait=0):
        messages = self._cloud.take(self._url, wait)
        self.events += [json.loads(message["Body"]) for message in messages]
        return bool(messages)

    def of(self, subject):
        return [event for event in self.events if event["subject"] == subject]

    def event(self, event_id, seconds=60):
        """Waits for the event with this id."""

        def look():
            self.read(wait=1)
            return next((event for event in self.events if event["id"] == event_id), None)

        return until(look, f"the event {event_id}", seconds)

    def ends(self):
        """The terminal events so far."""
        return [event for event in self.events if event["type"] in TERMINAL]


def get(url):
    """The status and the text of a page. `None` while nothing answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()
    except OSError:
        return None


def job(job_id, url, **more):
    """A job that builds a repository."""
    return {"version": 1, "id": job_id, "source": {"url": url}, **more}
