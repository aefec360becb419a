"""STS, and operations that the embedded endpoint does not have: they get AWS's own error, never a wrong answer."""

import urllib.error
import urllib.request

import pytest
from botocore.exceptions import ClientError


def test_any_credentials_are_those_of_the_local_account(cloud):
    identity = cloud.sts.get_caller_identity()
    assert identity["Account"] == "000000000000" and identity["Arn"].startswith("arn:aws:")


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("codebuild", "list_fleets", {}),
        ("codebuild", "list_reports", {}),
        ("logs", "describe_metric_filters", {}),
        ("sqs", "add_permission", {"QueueUrl": "http://x/0/slipway-jobs", "Label": "l", "AWSAccountIds": ["0"], "Actions": ["*"]}),
        ("sns", "list_phone_numbers_opted_out", {}),
        ("sts", "get_session_token", {}),
        ("dynamodb", "list_tables", {}),
        ("ec2", "describe_regions", {}),
    ],
)
def test_an_unknown_operation_is_an_error_that_says_so(cloud, service, operation, arguments):
    with pytest.raises(ClientError) as refused:
        getattr(cloud.client(service), operation)(**arguments)
    answer = refused.value.response
    assert 400 <= answer["ResponseMetadata"]["HTTPStatusCode"] < 500, answer
    assert answer["Error"]["Code"] not in ("", str(answer["ResponseMetadata"]["HTTPStatusCode"])), answer


@pytest.mark.parametrize("data", [b"", b"not a call", b"\xff\xfe\0", b"{" * 10_000])
def test_noise_gets_an_error(cloud, data):
    request = urllib.request.Request(cloud.url, data=data, headers={"Authorization": "any", "x-amz-target": "AmazonSQS.SendMessage"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert 400 <= refused.value.code < 500
    assert cloud.sqs.list_queues()["QueueUrls"]
