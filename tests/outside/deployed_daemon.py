"""The daemon as it runs in a deployment: with the command, variables, secrets and permissions of its task."""

import json
import re
import signal
import urllib.error
import urllib.request

from cloud import Subscriber, get, job
from deployment import state_change
from policy import ACCOUNT, REGION
from program import SLIPWAY, environment, slipway
from waiting import until

TOKENS = {"read": "read-0123456789abcdef", "steer": "steer-0123456789abcdef"}


def denied_call_raises_an_alarm(deployed, programs, free_port, patterns):
    """A daemon that may not start builds: its job ends as errored, and the alarms count the lines of its log about that."""
    cloud, name = deployed.cloud, deployed.name
    subscribe(cloud, name)
    hurry = {"SLIPWAY__HTTP__LISTEN": f"127.0.0.1:{free_port()}", "SLIPWAY__QUEUES__0__WAIT": "1s", "SLIPWAY__RETRY__ATTEMPTS": "1"}
    keys = deployed.keys(without="codebuild:StartBuild")
    programs_own = environment(cloud.url, **deployed.environment() | hurry | keys | cloud.trust)
    daemon = programs("denied", [SLIPWAY, "run"], programs_own)
    cloud.send(job("denied-1", "https://github.com/acme/app"), f"{name}-jobs")
    finished = Subscriber(cloud, f"{name}-results").event("denied-1/finished")
    assert finished["data"]["status"] == "errored", daemon.log + json.dumps(finished)
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
    lines = [json.loads(line) for line in daemon.log.splitlines()]

    def counted(alarm):
        sentence = patterns[alarm].strip('"')
        return [line for line in lines if sentence in line["message"]]

    [line] = counted("calls-denied")
    assert line["operation"] == "codebuild.StartBuild"
    assert [line["status"] for line in counted("jobs-errored")] == ["errored"]


def subscribe(cloud, name):
    """A queue that gets the topic's messages unchanged, and accepts them from the topic."""
    topic, queue = (f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}-{what}" for service, what in (("sns", "events"), ("sqs", "results")))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.sqs.create_queue(QueueName=f"{name}-results", Attributes={"Policy": policy})
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})


def tokens(cloud):
    """A secret with tokens, as an operator creates it. Returns its ARN."""
    return cloud.client("secretsmanager").create_secret(Name="slipway/tokens", SecretString=json.dumps(TOKENS))["ARN"]


def api_needs_tokens(deployed, programs, free_port):
    """With the variables and secrets of its task, the daemon serves its API and page only to clients with a token."""
    variables = deployed.environment()
    assert variables["SLIPWAY__HTTP__LISTEN"] == "0.0.0.0:9090" and variables["SLIPWAY__HTTP__API"] == "true"
    answer = slipway("check", variables=environment(**variables))
    assert answer.returncode == 0, answer.stderr
    [container] = deployed.task()["containerDefinitions"]
    plain = json.dumps(container["environment"])
    assert not any(token in plain for token in TOKENS.values())
    http = f"127.0.0.1:{free_port()}"
    own = environment(deployed.cloud.url, **variables | {"SLIPWAY__HTTP__LISTEN": http} | deployed.keys("sqs:DeleteQueue") | deployed.cloud.trust)
    daemon = programs("guarded", [SLIPWAY, "run"], own)
    daemon.says(lambda _: get(f"http://{http}/readyz") == (200, "ready\n"), "it takes work")

    def asked(path, token=None, body=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{http}{path}", body, headers), timeout=30) as found:
                return found.status
        except urllib.error.HTTPError as error:
            return error.code

    assert [asked(path) for path in ("/", "/api/v1/limits", "/metrics")] == [401, 401, 200]
    assert [asked(path, TOKENS["read"]) for path in ("/", "/api/v1/limits")] == [200, 200]
    body = json.dumps({"scope": {"tenant": "team-a"}}).encode()
    assert [asked("/api/v1/resume", token, body) for token in TOKENS.values()] == [403, 200]
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0


def builds_a_job(deployed, programs, free_port):
    """The daemon with the command, the variables and the permissions of its task gets a job and an invalid message, and publishes their
    ends."""
    cloud, name = deployed.cloud, deployed.name
    subscribe(cloud, name)
    [container] = deployed.task()["containerDefinitions"]
    http = f"127.0.0.1:{free_port()}"
    hurry = {
        "SLIPWAY__HTTP__LISTEN": http,
        "SLIPWAY__QUEUES__0__WAIT": "1s",
        "SLIPWAY__WATCH__INTERVAL": "200ms",
        "SLIPWAY__LOG__SETTLE": "0s",
    }
    settings = environment(cloud.url, **deployed.environment() | hurry | deployed.keys() | cloud.trust)
    daemon = programs("deployed", [SLIPWAY, *container["command"]], settings)
    daemon.says(lambda _: get(f"http://{http}/readyz") == (200, "ready\n"), "it takes work")
    assert slipway("healthcheck", variables=settings).returncode == 0
    cloud.send(job("app-1", "https://github.com/acme/app"), f"{name}-jobs")
    bad = cloud.send("{}", f"{name}-jobs")
    subscriber = Subscriber(cloud, f"{name}-results")
    finished = subscriber.event("app-1/finished")
    assert finished["data"]["status"] == "succeeded" and finished["data"]["build"]["project"] == name
    subscriber.event(f"{bad}/rejected")
    [buried] = until(lambda: cloud.take(cloud.queue_url(f"{name}-jobs-dlq")), "the bad message among the dead letters")
    assert buried["Body"] == "{}"
    until(lambda: cloud.counts(cloud.queue_url(f"{name}-jobs")) == (0, 0), "an empty queue")
    # Pushed events are received too, and no call was denied.
    cloud.send(state_change(name), f"{name}-build-events")
    until(lambda: cloud.counts(cloud.queue_url(f"{name}-build-events")) == (0, 0), "no pushed event left")
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
    assert not re.search("denied|not authorized", daemon.log), daemon.log


def follows_a_job(deployed, programs, free_port, folder, client, policy):
    """A developer with only the file for senders and the followers' policy sends a job and follows it to its end."""
    hurry = {"SLIPWAY__HTTP__LISTEN": f"127.0.0.1:{free_port()}", "SLIPWAY__QUEUES__0__WAIT": "1s", "SLIPWAY__WATCH__INTERVAL": "200ms"}
    cloud = deployed.cloud
    # A separate user, without the permissions that the daemon does not need.
    keys = deployed.keys(without="sqs:PurgeQueue")
    daemon = programs("followed", [SLIPWAY, "run"], environment(cloud.url, **deployed.environment() | hurry | keys | cloud.trust))
    file = folder / "client.toml"
    file.write_text(client)
    variables = environment(cloud.url, **deployed.keys_for(policy) | cloud.trust)
    submit = ["submit", "--client", file, "--url", "https://github.com/acme/app", "--id", "followed-1", "--follow"]
    answer = slipway(*submit, variables=variables)
    assert answer.returncode == 0 and "builds alone" not in answer.stderr, answer.stderr + daemon.log
    assert answer.stderr.endswith("followed-1 succeeded\n")
    # The emulator's builds do not show the variables of their start, so a build is found only by its id.
    newest = cloud.codebuild.list_builds_for_project(projectName=deployed.name)["ids"][0]
    shown = slipway("logs", newest, "--client", file, variables=variables)
    assert shown.returncode == 0 and shown.stderr.endswith(f"build {newest} succeeded\n"), shown.stderr
    unknown = slipway("logs", "followed-1", "--client", file, variables=variables)
    assert "there is no build of followed-1 among the newest" in unknown.stderr, unknown.stderr
    left = [url for url in cloud.sqs.list_queues().get("QueueUrls", []) if "slipway-follow-" in url]
    assert left == []
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
