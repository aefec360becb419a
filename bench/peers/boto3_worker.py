"""The same work on boto3, as a good engineer would write it: threads for what waits, batches where AWS has them."""

import json
import os
import queue
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
from botocore.config import Config

RUNNING, LOOK, VISIBILITY = (int(os.environ[name]) for name in ("RUNNING", "LOOK", "VISIBILITY"))
QUEUE, TOPIC, PROJECT = os.environ["QUEUE_URL"], os.environ["TOPIC_ARN"], os.environ["PROJECT"]
THREADS = 32

session = boto3.Session()
config = Config(max_pool_connections=2 * THREADS, retries={"mode": "standard"})
sqs, sns, codebuild, logs = (session.client(name, config=config) for name in ("sqs", "sns", "codebuild", "logs"))

places = threading.Semaphore(RUNNING)
lock = threading.Lock()
builds = {}  # by build id: the job's id and the receipt
ended = queue.Queue(1000)


def start(message):
    job = json.loads(message["Body"])
    try:
        answer = codebuild.start_build(
            projectName=PROJECT,
            sourceLocationOverride=job["source"]["url"],
            environmentVariablesOverride=[{"name": "JOB_ID", "value": job["id"]}],
            idempotencyToken=job["id"],
        )
    except Exception:
        places.release()  # the message comes again
        raise
    with lock:
        builds[answer["build"]["id"]] = (job["id"], message["ReceiptHandle"])


def receive(pool):
    while True:
        places.acquire()
        most = 1
        while most < 10 and places.acquire(blocking=False):
            most += 1
        answer = sqs.receive_message(QueueUrl=QUEUE, MaxNumberOfMessages=most, WaitTimeSeconds=20, VisibilityTimeout=VISIBILITY)
        messages = answer.get("Messages", [])
        for _ in range(most - len(messages)):
            places.release()
        for message in messages:
            pool.submit(start, message)


def report(build, job, receipt):
    place = build["logs"]
    page = logs.get_log_events(logGroupName=place["groupName"], logStreamName=place["streamName"], limit=40, startFromHead=False)
    log = "".join(event["message"] for event in page["events"])
    event = {"id": job, "data": {"build": {"id": build["id"]}, "status": build["buildStatus"], "log": log}}
    ended.put((json.dumps(event), receipt))


def look(pool):
    while True:
        with lock:
            ids = list(builds)
        for at in range(0, len(ids), 100):
            for build in codebuild.batch_get_builds(ids=ids[at : at + 100])["builds"]:
                if build["buildComplete"]:
                    with lock:
                        job, receipt = builds.pop(build["id"])
                    places.release()
                    pool.submit(report, build, job, receipt)
        time.sleep(LOOK)


def publish(batch):
    sns.publish_batch(TopicArn=TOPIC, PublishBatchRequestEntries=[{"Id": str(n), "Message": event} for n, (event, _) in enumerate(batch)])
    sqs.delete_message_batch(QueueUrl=QUEUE, Entries=[{"Id": str(n), "ReceiptHandle": receipt} for n, (_, receipt) in enumerate(batch)])


def gather(pool):
    while True:
        batch = [ended.get()]
        until = time.monotonic() + 0.005
        while len(batch) < 10 and (left := until - time.monotonic()) > 0:
            try:
                batch.append(ended.get(timeout=left))
            except queue.Empty:
                break
        pool.submit(publish, batch)


def extend():
    while True:
        time.sleep(VISIBILITY / 3)
        with lock:
            receipts = [receipt for _, receipt in builds.values()]
        for at in range(0, len(receipts), 10):
            entries = [{"Id": str(n), "ReceiptHandle": receipt, "VisibilityTimeout": VISIBILITY} for n, receipt in enumerate(receipts[at : at + 10])]
            sqs.change_message_visibility_batch(QueueUrl=QUEUE, Entries=entries)


starts, reports = ThreadPoolExecutor(THREADS), ThreadPoolExecutor(THREADS)
for loop, arguments in ((receive, (starts,)), (look, (reports,)), (gather, (reports,)), (extend, ())):
    threading.Thread(target=loop, args=arguments, daemon=True).start()
threading.Event().wait()
