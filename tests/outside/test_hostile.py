"""Hostile and malformed messages: each gets an event with every problem, and is kept unchanged in the dead-letter queue."""

import json
import random

import pytest

from cloud import get, job
from waiting import until

GIT = "https://github.com/acme/app"


# 1 MiB, SQS's limit, of characters that SQS accepts.
NOISE = "".join(random.Random(7).choices([chr(number) for number in range(32, 127)], k=1024 * 1024))
NESTED = "[" * 100_000 + "]" * 100_000


def with_image(**more):
    return job("hostile", GIT, images=[{"name": "team/app", **more}])


# A name, the message, and for each problem its path and a word of its rule.
MESSAGES = [
    ("not-json", "build my repository, please", [("", "JSON")]),
    ("noise", NOISE, [("", "JSON")]),
    ("nested", NESTED, [("", "JSON")]),
    ("empty-object", {}, [("/version", "required"), ("/source", "required")]),
    ("a-list", [], [("", "object")]),
    ("other-version", job("hostile", GIT) | {"version": 2}, [("/version", "1")]),
    (
        "wrong-types",
        {"version": "1", "id": 7, "source": {"url": ["x"], "depth": "all"}, "env": {}, "timeout_minutes": 4.5},
        [("/version", ""), ("/id", "string"), ("/source/url", "string"), ("/source/depth", ""), ("/env", ""), ("/timeout_minutes", "")],
    ),
    ("unknown-fields", job("hostile", GIT, buildspec="x") | {"role": "admin"}, [("/buildspec", "known"), ("/role", "known")]),
    ("unknown-profile", job("hostile", GIT, profile="admin"), [("/profile", "profile")]),
    ("other-source", job("hostile", "https://evil.example/acme/app"), [("/source/url", "profile")]),
    ("password", job("hostile", "https://user:secret@github.com/acme/app"), [("/source/url", "password")]),
    ("shell", job("$(reboot); `id`", GIT), [("/id", "")]),
    ("newline", job("a\nb", GIT), [("/id", "")]),
    ("control", job("hostile", GIT, labels={"name": "\x1b[2J"}), [("/labels/name", "control")]),
    ("url-option", job("hostile", "--upload-pack=touch /tmp/owned"), [("/source/url", "'-'")]),
    ("revision-option", {"version": 1, "id": "hostile", "source": {"url": GIT, "revision": "--output=x"}}, [("/source/revision", "'-'")]),
    ("dockerfile", with_image(dockerfile="../../etc/passwd"), [("/images/0/dockerfile", "'..'")]),
    ("context", with_image(context="/etc"), [("/images/0/context", "relative")]),
    ("tag", with_image(tags=["latest; rm -rf /"]), [("/images/0/tags/0", "letter")]),
    ("image", job("hostile", GIT, images=[{"name": "Team/App$"}]), [("/images/0/name", "lower-case")]),
    ("env", job("hostile", GIT, env=[{"name": "AWS_SECRET_ACCESS_KEY", "value": "x"}]), [("/env/0/name", "AWS_")]),
    ("env-shell", job("hostile", GIT, env=[{"name": "SHELLOPTS", "value": "xtrace"}]), [("/env/0/name", "shell")]),
    (
        "env-secret",
        job("hostile", GIT, env=[{"name": "A", "value": "any/secret", "type": "SECRETS_MANAGER"}]),
        [("/env/0/value", "not among the secrets")],
    ),
    (
        "env-parameter",
        job("hostile", GIT, env=[{"name": "A", "value": "/aws/reference/secretsmanager/x", "type": "PARAMETER_STORE"}]),
        [("/env/0/value", "by way of")],
    ),
    ("syntax", with_image(build_args={"BUILDKIT_SYNTAX": "evil.example/x"}), [("/images/0/build_args/BUILDKIT_SYNTAX", "BUILDKIT_")]),
    ("proxy", with_image(build_args={"all_proxy": "http://evil.example"}), [("/images/0/build_args/all_proxy", "proxy")]),
    ("secret", with_image(secrets=["NPM_TOKEN"]), [("/images/0/secrets/0", "variables")]),
    ("parameter", job("hostile", "https://github.com/acme/..;/evil/app"), [("/source/url", "';'")]),
    ("full-width", job("hostile", "https://github.com/acme/%EF%BC%8E%EF%BC%8E/evil"), [("/source/url", "letters")]),
    ("fork", {"version": 1, "id": "hostile", "source": {"url": GIT, "revision": "pr/25"}}, [("/source/revision", "revisions")]),
    ("env-name", job("hostile", GIT, env=[{"name": "A=B; C", "value": "x"}]), [("/env/0/name", "letter")]),
    ("file", job("hostile", "file://evil.example/etc"), [("/source/url", "file:///")]),
    ("dots", job("hostile", "file:///srv/../etc"), [("/source/url", "'..'")]),
]


@pytest.fixture(scope="module")
def dead_letters(local):
    """A function that finds the dead letter of a message."""
    url, found = local.cloud.queue_url("slipway-jobs-dlq"), []

    def find(body):
        def look():
            found.extend(local.cloud.take(url, wait=1))
            return next((letter for letter in found if letter["Body"] == body), None)

        return until(look, "the message among the dead letters")

    return find


def rejection_of(local, message_id):
    def look():
        local.subscriber.read(wait=1)
        events = local.subscriber.events
        return next((event for event in events if event["data"]["job"].get("message_id") == message_id), None)

    return until(look, f"the rejection of {message_id}")


@pytest.mark.parametrize(("message", "problems"), [case[1:] for case in MESSAGES], ids=[case[0] for case in MESSAGES])
def test_an_invalid_message_is_rejected_with_every_problem_and_kept(local, dead_letters, message, problems):
    body = message if isinstance(message, str) else json.dumps(message)
    message_id = local.cloud.send(body)
    event = rejection_of(local, message_id)
    assert (event["type"], event["data"]["job"]["message_id"]) == ("slipway.job.rejected", message_id)
    found = {problem["path"]: problem["problem"] for problem in event["data"]["problems"]}
    for path, word in problems:
        assert path in found and word in found[path], found
    attributes = dead_letters(body).get("MessageAttributes", {})
    if message == NOISE:
        assert attributes == {}, "a message of the largest size has no room for reasons"
    else:
        assert all(path in attributes["slipway.problems"]["StringValue"] for path, _ in problems)


def test_hostile_messages_do_not_harm_the_daemon(local, repository, unique):
    local.cloud.send(job(unique, repository()))
    assert local.subscriber.event(f"{unique}/finished")["data"]["status"] == "succeeded"
    assert get(f"http://{local.http}/healthz") == (200, "ok\n")
    assert "panicked" not in local.program.log


def test_values_that_shells_would_run_reach_the_build_unchanged(local, repository, unique):
    value = "$(touch owned) `touch owned`; touch owned ' \" \\ %s ${HOME}"
    url = repository("version: 0.2\nphases:\n  build:\n    commands:\n      - printf '<%s>' \"$VALUE\"; ls\n")
    local.cloud.send(job(unique, url, env=[{"name": "VALUE", "value": value}]))
    data = local.subscriber.event(f"{unique}/finished")["data"]
    build = local.cloud.codebuild.batch_get_builds(ids=[data["build"]["id"]])["builds"][0]
    [found] = [variable["value"] for variable in build["environment"]["environmentVariables"] if variable["name"] == "VALUE"]
    assert (data["status"], found) == ("succeeded", value)
    assert "\nowned" not in data["log"]["excerpt"]
