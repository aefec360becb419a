"""The embedded endpoint's CloudWatch Logs, used by boto3."""

import time

import pytest


@pytest.fixture
def logs(cloud):
    return cloud.logs


@pytest.fixture
def stream(logs, unique):
    """A stream of 25 lines. Returns the arguments that name it."""
    logs.create_log_group(logGroupName=unique)
    where = {"logGroupName": unique, "logStreamName": "stream"}
    logs.create_log_stream(**where)
    now = int(time.time() * 1000)
    logs.put_log_events(**where, logEvents=[{"timestamp": now + number, "message": f"line {number}"} for number in range(25)])
    yield where
    logs.delete_log_group(logGroupName=unique)


def lines(answer):
    return [event["message"] for event in answer["events"]]


def test_reading_a_log_forward_ends_when_the_token_repeats(logs, stream):
    read, token = [], None
    while True:
        more = {"nextToken": token} if token else {"startFromHead": True}
        page = logs.get_log_events(**stream, limit=10, **more)
        read += lines(page)
        if page["nextForwardToken"] == token:
            break
        token = page["nextForwardToken"]
    assert read == [f"line {number}" for number in range(25)]
    logs.put_log_events(**stream, logEvents=[{"timestamp": int(time.time() * 1000) + 100, "message": "late"}])
    assert lines(logs.get_log_events(**stream, nextToken=token)) == ["late"], "the last token continues at its place"


def test_a_log_is_read_from_its_end_backward(logs, stream):
    last = logs.get_log_events(**stream, limit=10)
    assert lines(last) == [f"line {number}" for number in range(15, 25)]
    before = logs.get_log_events(**stream, limit=10, nextToken=last["nextBackwardToken"])
    assert lines(before) == [f"line {number}" for number in range(5, 15)]


def test_events_are_filtered_over_streams(logs, stream, unique):
    group = {"logGroupName": unique}
    logs.create_log_stream(**group, logStreamName="other")
    logs.put_log_events(**group, logStreamName="other", logEvents=[{"timestamp": int(time.time() * 1000), "message": "an ERROR here"}])
    assert lines(logs.filter_log_events(**group, filterPattern="ERROR")) == ["an ERROR here"]
    assert lines(logs.filter_log_events(**group, filterPattern='"line 7"')) == ["line 7"]
    assert len(lines(logs.filter_log_events(**group, logStreamNames=["stream"]))) == 25
    pages = logs.get_paginator("filter_log_events").paginate(**group, PaginationConfig={"PageSize": 10})
    assert sum(len(page["events"]) for page in pages) == 26
    [event] = logs.filter_log_events(**group, logStreamNamePrefix="oth")["events"]
    assert event["logStreamName"] == "other" and event["eventId"]


def test_groups_and_streams_are_described(logs, stream, unique):
    [group] = logs.describe_log_groups(logGroupNamePrefix=unique)["logGroups"]
    assert group["logGroupName"] == unique and "retentionInDays" not in group
    logs.put_retention_policy(logGroupName=unique, retentionInDays=7)
    assert logs.describe_log_groups(logGroupNamePrefix=unique)["logGroups"][0]["retentionInDays"] == 7
    [described] = logs.describe_log_streams(logGroupName=unique, orderBy="LastEventTime", descending=True)["logStreams"]
    assert described["logStreamName"] == "stream"
    assert described["firstEventTimestamp"] + 24 == described["lastEventTimestamp"]


def test_missing_and_existing_groups_and_streams_are_errors(logs, stream, unique):
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=unique)
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_log_events(logGroupName=unique, logStreamName="nobody")
    logs.delete_log_stream(**stream)
    assert logs.describe_log_streams(logGroupName=unique)["logStreams"] == []
