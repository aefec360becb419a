"""`slipway local --data` on a disk without room."""

import subprocess

import pytest
from botocore.exceptions import ClientError

from checker import lacking


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m,mode=700", "tmpfs", folder], capture_output=True, text=True, check=False)
    if done.returncode:
        lacking(f"no file system can be mounted: {done.stderr}")
    yield folder
    # The program with the data may still be ending.
    subprocess.run(["umount", "--lazy", folder], check=True)


def test_calls_that_a_full_disk_cannot_store_are_refused_and_not_carried_out(start_local, small_disk):
    local = start_local("--no-daemon", "--data", small_disk)
    cloud = local.cloud
    try:
        url = cloud.sqs.create_queue(QueueName="load")["QueueUrl"]
        accepted, refused = 0, []
        # Large messages first: a small one needs less room.
        for body in ("x" * 50_000, "x"):
            goal = len(refused) + 3
            while len(refused) < goal:
                try:
                    cloud.sqs.send_message(QueueUrl=url, MessageBody=body)
                    accepted += 1
                except ClientError as error:
                    refused.append(error.response)
        for answer in refused:
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
            text = answer["Error"]["Message"]
            assert "No space left" in text and str(small_disk) in text and "it was not carried out" in text, text
        assert "No space left" in local.program.log
        # Calls that change nothing still work, and show nothing of the refused calls.
        assert accepted > 10 and cloud.counts(url) == (accepted, 0)
        with pytest.raises(ClientError, match="not carried out"):
            cloud.codebuild.start_build(projectName="slipway")
        assert cloud.codebuild.list_builds()["ids"] == []
        # All calls work again once there is room.
        subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
        cloud.sqs.send_message(QueueUrl=url, MessageBody="there is room")
        accepted += 1
        local.program.kill()
        again = start_local("--no-daemon", "--data", small_disk, listen=local.address)
        assert cloud.counts(url) == (accepted, 0), "only accepted messages are there, and all of them"
        again.program.end()
    finally:
        local.program.end()
