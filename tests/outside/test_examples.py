"""The samples in examples/ and in the guide for senders: each runs unchanged, from the message to what it reports to others."""

import http.server
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import threading

import pytest

import manual
from checker import lacking
from program import ROOT, SCRIPTS, TARGET, environment
from waiting import until

EXAMPLES = ROOT / "examples"
NODE = SCRIPTS.parent / "node"
FAILING = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo '<!channel> ```the compiler complains```' >&2; exit 3\n"
GITHUB = "https://github.com/"


class Stub:
    """A web service that records its requests and answers like the real one."""

    def __init__(self, status, answer):
        self.requests = []
        # The first request with this text in its body gets a 502.
        self.refused = None
        stub = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                refused = stub.refused is not None and stub.refused in body
                if refused:
                    stub.refused = None
                else:
                    stub.requests.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(502 if refused else status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def end(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def stub():
    stubs = []

    def start(status, answer):
        stubs.append(Stub(status, answer))
        return stubs[-1]

    yield start
    for stub in stubs:
        stub.end()


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A folder with the samples for Node and their packages."""
    if not (NODE / "node_modules").is_dir() or not shutil.which("node"):
        lacking("no packages for Node: tests/prepare installs them where there are node and npm")
    folder = tmp_path_factory.mktemp("node")
    for file in (EXAMPLES / "node").iterdir():
        shutil.copy(file, folder)
    (folder / "node_modules").symlink_to(NODE / "node_modules")
    return folder


@pytest.fixture(scope="module")
def github(start_local, tmp_path_factory):
    """Local mode that finds GitHub's repositories in a folder of this machine, and a function that creates one."""
    folder = tmp_path_factory.mktemp("github")
    real = shutil.which("git")
    (folder / "git").write_text(f'#!/bin/sh\nexec {real} -c "url.file://{folder}/.insteadOf={GITHUB}" "$@"\n')
    (folder / "git").chmod(0o755)
    local = start_local(PATH=f"{folder}:{os.environ['PATH']}")

    def make(name, buildspec):
        repository = folder / name
        repository.mkdir(parents=True)
        (repository / "buildspec.yml").write_text(buildspec)
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "The source"]):
            subprocess.run([real, "-C", repository, *identity, *arguments], check=True, env=environment())
        return subprocess.run([real, "-C", repository, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()

    local.make = make
    return local


@pytest.fixture
def subscribed(github, unique):
    """The URL of a queue for the test that gets the topic's events unchanged."""
    cloud = github.cloud
    url = cloud.sqs.create_queue(QueueName=unique, Attributes={"VisibilityTimeout": "1"})["QueueUrl"]
    topic = cloud.sns.list_topics()["Topics"][0]["TopicArn"]
    raw = {"RawMessageDelivery": "true"}
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=cloud.queue_arn(url), Attributes=raw)
    yield url
    cloud.sqs.delete_queue(QueueUrl=url)


def command(language, name, request):
    """The command that starts a sample."""
    if language == "node":
        return ["node", request.getfixturevalue("node") / f"{name}.mjs"]
    return {"python": [sys.executable, EXAMPLES / "python" / f"{name}.py"], "rust": [TARGET / "debug" / "examples" / name]}[language]


def variables(local, **more):
    return environment(local.cloud.url, SLIPWAY_JOBS_URL=local.cloud.queue_url("slipway-jobs"), **more)


def send(local, sample, *arguments):
    answer = subprocess.run([*sample, *arguments], env=variables(local), capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


@pytest.mark.parametrize("language", ["python", "node", "rust"])
def test_a_sample_sends_a_job_with_its_id_and_message_group(language, github, subscribed, unique, request):
    github.make(f"acme/{unique}", "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n")
    job_id = send(github, command(language, "send", request), f"{GITHUB}acme/{unique}", "main")
    finished = github.subscriber.event(f"{job_id}/finished")
    assert (finished["data"]["status"], finished["data"]["job"]["tenant"]) == ("succeeded", "team-a")

    # The same message on a queue that no daemon reads, to see its form.
    cloud = github.cloud
    answer = subprocess.run(
        [*command(language, "send", request), f"{GITHUB}acme/{unique}", "main"],
        env=variables(github) | {"SLIPWAY_JOBS_URL": cloud.sqs.create_queue(QueueName=f"{unique}-2"[-80:])["QueueUrl"]},
        capture_output=True, text=True, timeout=60, check=True,
    )
    [message] = cloud.take(cloud.queue_url(f"{unique}-2"[-80:]), wait=5)
    assert (message["Attributes"]["MessageGroupId"], message["MessageId"]) == ("team-a", answer.stdout.strip())


def test_a_commit_gets_its_status_at_github(github, subscribed, stub, programs, unique, request):
    # As GitHub documents it.
    answer = (ROOT / "tests" / "outside" / "recorded" / "github-status.json").read_bytes()
    api = stub(201, answer)
    commit = github.make(f"acme/{unique}", FAILING)
    subscriber = programs(
        "github-status",
        command("python", "github_status", request),
        variables(github, SLIPWAY_EVENTS_URL=subscribed, GITHUB_API_URL=api.url, GITHUB_TOKEN="token"),
    )
    # The end is sent again until GitHub accepts it.
    api.refused = b'"failure"'
    # The started event has the commit if the revision is one.
    send(github, command("python", "send", request), f"{GITHUB}acme/{unique}", commit)
    until(lambda: len(api.requests) == 2 and github.cloud.counts(subscribed) == (0, 0), "both statuses")
    subscriber.end()
    assert {status["state"] for _, _, status in api.requests} == {"pending", "failure"}
    assert {path for path, _, _ in api.requests} == {f"/repos/acme/{unique}/statuses/{commit}"}
    assert {headers["Authorization"] for _, headers, _ in api.requests} == {"Bearer token"}
    [status] = [status for _, _, status in api.requests if status["state"] == "failure"]
    # GitHub's answer has the fields of the status that was sent.
    assert set(status) <= set(json.loads(answer)), status
    assert status["context"] == "slipway" and "the compiler complains" in status["description"]
    assert status["target_url"].startswith("https://")
    assert "502" in subscriber.log


@pytest.mark.parametrize(
    ("event", "path", "state"),
    [
        (("finished", "acme/app", "succeeded"), "acme/app", "success"),
        (("finished", "acme/app.git", "timed_out"), "acme/app", "failure"),
        (("finished", "acme/app/", "errored"), "acme/app", "error"),
        (("finished", "acme/app", "a word of tomorrow"), "acme/app", "error"),
        (("finished", "acme/app/../../user", "failed"), None, None),
        (("finished", "https://gitlab.com/acme/app", "failed"), None, None),
        (("queued", "acme/app", None), None, None),
        (("rejected", None, None), None, None),
    ],
)
def test_only_commits_at_github_get_a_status(event, path, state):
    kind, repository, status = event
    spec = importlib.util.spec_from_file_location("github_status", EXAMPLES / "python" / "github_status.py")
    sample = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    data = {"problems": []}
    if repository:
        url = repository if "://" in repository else GITHUB + repository
        data = {"status": status, "failure": {"message": "x" * 500}, "job": {"source": {"url": url, "commit": "c0ffee0123" * 4}}}
    found = sample.status_of({"type": f"slipway.job.{kind}", "data": data})
    if path is None:
        assert found is None
        return
    assert (found[0], found[1]["state"]) == (f"/repos/{path}/statuses/" + "c0ffee0123" * 4, state)
    # GitHub limits the length.
    assert len(found[1]["description"]) == 140


def test_a_late_started_event_does_not_replace_a_final_status(github, subscribed, stub, programs, unique, request):
    api = stub(201, b"{}")
    commit = github.make(f"acme/{unique}", FAILING)
    job_id = send(github, command("python", "send", request), f"{GITHUB}acme/{unique}", commit)
    [started, finished] = [github.subscriber.event(f"{job_id}/{kind}") for kind in ("1/started", "finished")]
    until(lambda: github.cloud.counts(subscribed)[0] >= 2, "the events")
    while github.cloud.take(subscribed):
        pass
    subscriber = programs(
        "github-status",
        command("python", "github_status", request),
        variables(github, SLIPWAY_EVENTS_URL=subscribed, GITHUB_API_URL=api.url, GITHUB_TOKEN="token"),
    )
    for event in (finished, started):
        github.cloud.sqs.send_message(QueueUrl=subscribed, MessageBody=json.dumps(event))
        until(lambda: github.cloud.counts(subscribed) == (0, 0), "the event's end")
    subscriber.end()
    assert [status["state"] for _, _, status in api.requests] == ["failure"]


def test_a_chat_gets_the_ends_of_jobs_as_plain_text(github, subscribed, stub, programs, unique, request):
    chat = stub(200, b"ok")
    github.make(f"acme/{unique}", FAILING)
    subscriber = programs(
        "chat", command("node", "chat", request), variables(github, SLIPWAY_EVENTS_URL=subscribed, CHAT_WEBHOOK_URL=chat.url + "/hook")
    )
    chat.refused = b"text"
    job_id = send(github, command("node", "send", request), f"{GITHUB}acme/{unique}", "main")
    github.cloud.send({"version": 1, "id": f"{unique}-2", "source": {"url": "ssh://git@github.com/acme/app"}})
    until(lambda: len(chat.requests) == 2, "two messages")
    repeat = github.subscriber.event(f"{job_id}/finished")
    github.cloud.sqs.send_message(QueueUrl=subscribed, MessageBody=json.dumps(repeat))
    until(lambda: github.cloud.counts(subscribed) == (0, 0), "the repeat's end")
    subscriber.end()
    texts = [body["text"] for _, _, body in chat.requests]
    assert len(texts) == 2
    [failed] = [text for text in texts if text.startswith(job_id)]
    assert "failed" in failed and "&lt;!channel&gt; '''the compiler complains'''" in failed and "<!channel>" not in failed
    [rejected] = [text for text in texts if text.startswith(f"{unique}-2 was rejected")]
    assert "/source/url" in rejected
    assert "502" in subscriber.log


def test_the_subscriber_in_rust_prints_each_end_once(github, subscribed, programs, unique, request):
    github.make(f"acme/{unique}", FAILING)
    subscriber = programs("subscribe", command("rust", "subscribe", request), variables(github, SLIPWAY_EVENTS_URL=subscribed))
    job_id = send(github, command("rust", "send", request), f"{GITHUB}acme/{unique}", "main")
    subscriber.says(lambda text: f"{job_id} failed" in text, "the end")
    finished = github.subscriber.event(f"{job_id}/finished")
    github.cloud.sqs.send_message(QueueUrl=subscribed, MessageBody=json.dumps(finished))
    until(lambda: github.cloud.counts(subscribed) == (0, 0), "the repeat's end")
    subscriber.end()
    assert subscriber.output.count(f"{job_id} failed") == 1
    assert "the compiler complains" in subscriber.output


def test_the_samples_in_the_guide_are_the_tested_ones():
    text = (ROOT / "docs" / "senders.md").read_text()
    blocks = re.findall(r"^```(?:python|js|rust)\n(.*?)^```$", text, re.M | re.S)
    assert len(blocks) == 3
    samples = [(EXAMPLES / file).read_text() for file in ("python/send.py", "node/send.mjs", "rust/send.rs")]
    for block, sample in zip(blocks, samples, strict=True):
        lines = [line.strip() for line in sample.splitlines()]
        for line in block.splitlines():
            assert not line.strip() or line.strip() in lines, line


def test_the_command_in_the_guide_sends_a_job(github, unique, tmp_path):
    github.make(f"acme/{unique}", "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built\n")
    text = manual.commands("docs/senders.md", "aws sqs send-message").replace("acme/app", f"acme/{unique}")
    answer = manual.run(text, github.cloud, tmp_path, SLIPWAY_JOBS_URL=github.cloud.queue_url("slipway-jobs"))
    finished = github.subscriber.event(f"{json.loads(answer)['MessageId']}/finished")
    assert finished["data"]["status"] == "succeeded"
