"""Sets the status of commits on GitHub from Slipway's events.

    SLIPWAY_EVENTS_URL=QUEUE-URL GITHUB_TOKEN=TOKEN python3 github_status.py

The queue is subscribed to the topic with raw delivery. The token needs "Commit statuses: write" for the repositories. For a GitHub of your
own set GITHUB_HOST, and GITHUB_API_URL to https://HOST/api/v3.
"""

import json
import os
import re
import sys
import urllib.request
from collections import deque

import boto3

API = os.environ.get("GITHUB_API_URL", "https://api.github.com")
HOST = os.environ.get("GITHUB_HOST", "github.com")
REPOSITORY = re.compile(rf"https://{re.escape(HOST)}/([\w.-]+/[\w.-]+?)(?:\.git)?/?")
COMMIT = re.compile(r"[0-9a-f]{40}")
# A job's statuses at GitHub's; every other end, one that is unknown today too, is an "error".
STATES = {"succeeded": "success", "failed": "failure", "timed_out": "failure"}
# GitHub takes no longer one.
DESCRIPTION = 140


def status_of(event):
    """The path of an event's commit in the API, and its status; `None` for an event that says nothing of a commit at GitHub."""
    data = event["data"]
    source = data.get("job", {}).get("source", {})
    repository, commit = REPOSITORY.fullmatch(source.get("url") or ""), source.get("commit") or ""
    started, finished = (event["type"] == f"slipway.job.{kind}" for kind in ("started", "finished"))
    if not (started or finished) or not repository or not COMMIT.fullmatch(commit):
        return None
    failure = data.get("failure", {})
    words = "is being built" if started else failure.get("message") or data["status"]
    status = {
        "state": "pending" if started else STATES.get(data["status"], "error"),
        "context": "slipway",
        "description": words if len(words) <= DESCRIPTION else words[: DESCRIPTION - 1] + "…",
    }
    page = data.get("log", {}).get("url") or data.get("build", {}).get("console_url")
    return f"/repos/{repository[1]}/statuses/{commit}", status | ({"target_url": page} if page else {})


def post(path, status):
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
        "Content-Type": "application/json",
        "X-GitHub-Api-Version": "2022-11-28",
    }
    request = urllib.request.Request(API + path, json.dumps(status).encode(), headers, method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def main():
    sqs, queue = boto3.client("sqs"), os.environ["SLIPWAY_EVENTS_URL"]
    # On a standard topic a job's start may be told after its end.
    ended = deque(maxlen=1000)
    while True:
        answer = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=20)
        for message in answer.get("Messages", []):
            event = json.loads(message["Body"])
            found, build = status_of(event), event["data"].get("build", {}).get("id")
            is_late = event["type"] == "slipway.job.started" and build in ended
            try:
                # GitHub shows the last status of a context: a repeat of an event changes nothing.
                if found and not is_late:
                    post(*found)
            except OSError as error:
                # The event comes again after the queue's visibility timeout, and goes to its dead-letter queue in the end.
                print(f"{event['id']}: {error}", file=sys.stderr)
                continue
            if event["type"] == "slipway.job.finished":
                ended.append(build)
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


if __name__ == "__main__":
    main()
