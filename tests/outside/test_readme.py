"""The examples in the README and docs/aws.md work."""

import json
import os
import re
import shlex
import signal
import subprocess

import jsonschema
import pytest

import manual
from cloud import Subscriber
from program import ROOT, SCRIPTS, SLIPWAY, environment, slipway
from waiting import until

README = (ROOT / "README.md").read_text()

# Version 1 of the CLI ignores AWS_ENDPOINT_URL for SQS.
AWS = """\
#!/bin/sh
exec '{aws}' --endpoint-url "$AWS_ENDPOINT_URL" "$@"
"""


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


@pytest.mark.parametrize(("name", "shown"), list(zip(["job", "event"], blocks("json"), strict=True)))
def test_the_examples_fit_their_schemas(name, shown):
    schema = json.loads((ROOT / f"docs/schemas/{name}.schema.json").read_text())
    jsonschema.validate(json.loads(shown), schema)


def test_the_readme_can_be_read_in_five_minutes():
    assert len(README.splitlines()) <= 150


def test_every_link_in_the_readme_resolves():
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*.md")]:
        links = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
        assert [link for link in links if not (document.parent / link).exists()] == [], document


def commands(text):
    """The lines in which a document calls the program, in blocks of commands or after a prompt."""
    lines = []
    for language, block in re.findall(r"^```(\w*)[^\n]*\n(.*?)^```$", text, re.M | re.S):
        found = block.replace("\\\n", " ").splitlines()
        lines += [line for line in found if language == "sh"] + [line[2:] for line in found if language == "" and line.startswith("$ ")]
    for line in lines:
        for part in re.split(r"[&|;]+", line):
            found = re.fullmatch(r"\s*(?:\w+=\S* +|xargs (?:-r )?)*(?:target/debug/)?slipway +(.*)", part)
            if found:
                yield shlex.split(found[1], comments=True)


def test_every_command_in_the_documents_is_valid():
    shown = 0
    for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *(ROOT / "deploy").rglob("*.md")]:
        for arguments in commands(document.read_text()):
            # Arguments before --help are checked first: an unknown option is an error.
            answer = slipway(*arguments, "--help")
            assert answer.returncode == 0 and "Usage: slipway" in answer.stdout, (document, arguments, answer.stderr)
            shown += 1
    assert shown > 40


def test_the_first_steps_build_and_show_a_job(local, repository, tmp_path):
    """The commands run as they are printed, in a repository, with the program under its name."""
    [steps] = [block for block in blocks("sh") if "--follow" in block]
    (tmp_path / "slipway").symlink_to(SLIPWAY)
    variables = environment(local.cloud.url, PATH=f"{tmp_path}:{os.environ['PATH']}")
    folder = repository().removeprefix("file://")
    shell = subprocess.run(["bash", "-ec", steps], env=variables, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert shell.returncode == 0 and shell.stderr.count("first succeeded") == 1, shell.stderr
    assert shell.stdout.splitlines().count("built first") == 2, "the build's output appears in submit and in logs"


def test_the_five_steps_build_a_job(moto, tmp_path, free_port):
    steps = manual.commands("docs/aws.md", "create-project")
    (tmp_path / "aws").write_text(AWS.format(aws=SCRIPTS / "aws"))
    (tmp_path / "aws").chmod(0o755)
    (tmp_path / "slipway").symlink_to(SLIPWAY)
    # The topic is created twice, which is the same topic. So the subscriber exists before the first event.
    topic = moto.sns.create_topic(Name="slipway-events")["TopicArn"]
    queue = moto.sqs.create_queue(QueueName="slipway-results")["QueueUrl"]
    raw = {"RawMessageDelivery": "true"}
    moto.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=moto.queue_arn(queue), Attributes=raw)
    variables = environment(
        moto.url,
        PATH=f"{tmp_path}:{os.environ['PATH']}",
        SLIPWAY__HTTP__LISTEN=f"127.0.0.1:{free_port()}",
        SLIPWAY__QUEUES__0__WAIT="1s",
        SLIPWAY__WATCH__INTERVAL="200ms",
    )
    script = f"set -euo pipefail\ntrap 'echo ${{!:-}} > daemon.pid' EXIT\n{steps}"
    log, pid = tmp_path / "log", tmp_path / "daemon.pid"
    try:
        # Into a file: the daemon keeps it open after the shell has ended.
        with log.open("w") as out:
            shell = subprocess.run(["bash", "-c", script], env=variables, cwd=tmp_path, stdout=out, stderr=out, timeout=120, check=False)
        assert shell.returncode == 0, log.read_text()
        subscriber = Subscriber(moto)
        [end] = until(lambda: subscriber.read(wait=1) and subscriber.ends(), "the end of the README's job")
        assert end["data"]["status"] == "succeeded"
        source = end["data"]["job"]["source"]
        assert (source["url"], source["revision"]) == ("https://github.com/acme/app", "main")
    finally:
        if daemon := pid.read_text().strip():
            os.kill(int(daemon), signal.SIGTERM)
            until(lambda: "drained" in log.read_text(), "the daemon's end")
