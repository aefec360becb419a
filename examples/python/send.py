"""Sends a job.

    SLIPWAY_JOBS_URL=QUEUE-URL python3 send.py https://github.com/acme/app main
"""

import json
import os
import sys

import boto3

url, revision = sys.argv[1:]
job = {"version": 1, "source": {"url": url, "revision": revision}, "tenant": "team-a"}
sent = boto3.client("sqs").send_message(
    QueueUrl=os.environ["SLIPWAY_JOBS_URL"],
    MessageBody=json.dumps(job),
    # A fair queue: where one group has very many messages, SQS gives those of the others first.
    MessageGroupId=job["tenant"],
)
# The job names no id of its own, so it has its message's.
print(sent["MessageId"])
