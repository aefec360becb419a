"""Control of a running daemon: its configuration, pauses, dead letters, as docs/control.md describes it."""

import json
import signal
import stat

import pytest
from cloud import Subscriber, job
from conftest import daemon_config
from program import environment, slipway
from waiting import until


@pytest.fixture
def nobody(free_port):
    """An address at which no daemon answers."""
    return f"http://127.0.0.1:{free_port()}"


def file_of(tmp_path):
    return tmp_path / "slipway-0.toml"


def running(cloud):
    ids = cloud.codebuild.list_builds_for_project(projectName="slipway")["ids"]
    builds = cloud.codebuild.batch_get_builds(ids=ids)["builds"] if ids else []
    return len([build for build in builds if build["buildStatus"] == "IN_PROGRESS"])


def test_a_hangup_reloads_the_configuration_and_an_invalid_one_changes_nothing(endpoint, start_daemon, repository, gate, tmp_path):
    right = daemon_config(endpoint.address)
    daemon = start_daemon(endpoint.cloud.url, right).is_ready()
    source = repository(gate.buildspec)
    for number in range(4):
        endpoint.cloud.send(job(f"app-{number}", source))
    until(lambda: running(endpoint.cloud) == 1, "the first build")
    wrong = right.replace("running = 1", 'running = "many"').replace("file:///*", "ftp://x").replace('wait = "1s"', 'wait = "1m"')
    file_of(tmp_path).write_text(wrong)
    daemon.program.send(signal.SIGHUP)
    daemon.program.says(lambda text: "refused as a whole" in text, "the refusal")
    for fault in ("3 faults", 'limits.running = "many"', "profiles.default.sources[0]", "queues[0].wait"):
        assert fault in daemon.program.log, daemon.program.log
    file_of(tmp_path).write_text(right.replace("running = 1", "running = 3").replace('interval = "200ms"', 'interval = "300ms"'))
    daemon.program.send(signal.SIGHUP)
    daemon.program.says(lambda text: "only a restart can change watch.interval" in text, "what a reload cannot change")
    assert running(endpoint.cloud) == 1
    file_of(tmp_path).write_text(right.replace("running = 1", "running = 3") + '\n[telemetry]\nlog = "debug"\n')
    daemon.program.send(signal.SIGHUP)
    daemon.program.says(lambda text: "holds for what is received from now on" in text and "limits.running" in text, "the reload")
    until(lambda: running(endpoint.cloud) == 3, "the builds that the new limit allows")
    endpoint.cloud.send(job("app-4", source))
    daemon.program.says(lambda text: "DEBUG" in text, "the details that are logged now")
    gate.open()
    subscriber = Subscriber(endpoint.cloud)
    for number in range(5):
        assert subscriber.event(f"app-{number}/finished")["data"]["status"] == "succeeded"


def test_reload_reports_what_changed_or_what_is_wrong(endpoint, start_daemon, tmp_path):
    right = daemon_config(endpoint.address)
    daemon = start_daemon(endpoint.cloud.url, right).is_ready()

    def reload(text, *more):
        file_of(tmp_path).write_text(text)
        return slipway("reload", "--daemon", f"http://{daemon.http}", *more)

    answer = reload(right.replace("running = 1", "runing = 2"))
    assert answer.returncode == 1 and "limits.runing = 2" in answer.stderr and "limits.running" in answer.stderr, answer
    answer = reload(right.replace("running = 1", "running = 2"), "--json")
    assert json.loads(answer.stdout) == {"changed": ["limits.running", "limits.per_tenant"]}
    assert reload(right.replace("running = 1", "running = 2")).stdout == "read again; nothing has changed\n"
    assert reload(right.replace("running = 1", "running = 2").replace('interval = "200ms"', 'interval = "1s"')).returncode == 1


def test_a_pause_is_a_tag_that_is_set_with_and_without_a_daemon(endpoint, start_daemon, repository, tmp_path, nobody):
    cloud, url = endpoint.cloud, endpoint.cloud.queue_url("slipway-jobs")
    alone = ["--daemon", nobody, "--queue-url", url]
    answer = slipway("pause", "--tenant", "team-a", "--reason", "see (here)", *alone, variables=environment(cloud.url))
    assert answer.returncode == 0 and "no daemon answers" in answer.stderr, answer
    [(key, value)] = cloud.sqs.list_queue_tags(QueueUrl=url)["Tags"].items()
    assert key == "slipway:pause:tenant:team-a" and value.endswith("Z see =28here=29")
    daemon = start_daemon(cloud.url, daemon_config(endpoint.address)).is_ready()
    asked = ["--daemon", f"http://{daemon.http}"]
    source, subscriber = repository(), Subscriber(cloud)
    cloud.send(job("a-1", source, tenant="team-a"))
    cloud.send(job("b-1", source, tenant="team-b"))
    assert subscriber.event("b-1/finished")["data"]["status"] == "succeeded"
    assert cloud.builds_of("slipway", "a-1") == []
    shown = json.loads(slipway("limits", "--json", *asked).stdout)["pauses"]
    assert [(pause["scope"], pause["reason"]) for pause in shown] == [({"tenant": "team-a"}, "see (here)")]
    assert slipway("resume", "--tenant", "team-a", *asked).stdout == "the tenant team-a is resumed\n"
    assert subscriber.event("a-1/finished")["data"]["status"] == "succeeded"
    assert "Tags" not in cloud.sqs.list_queue_tags(QueueUrl=url)
    again = slipway("resume", "--tenant", "team-a", *asked)
    assert (again.returncode, again.stdout) == (1, "the tenant team-a was not paused\n")
    assert slipway("pause", "--profile", "nightly", *asked).returncode == 1
    assert slipway("pause", *asked).stdout == "everything is paused\n"
    cloud.send(job("c-1", source))
    # A message of a paused queue is not received.
    assert daemon.program.says(lambda text: "paused" in text, "the pause")
    assert slipway("resume", *alone, variables=environment(cloud.url)).returncode == 0
    assert subscriber.event("c-1/finished", 90)["data"]["status"] == "succeeded"


def test_dead_letters_are_handled_with_and_without_a_daemon(endpoint, start_daemon, repository, tmp_path, nobody):
    cloud, source = endpoint.cloud, repository()
    daemon = start_daemon(cloud.url, daemon_config(endpoint.address)).is_ready()
    subscriber = Subscriber(cloud)
    bad = json.dumps({"version": 1, "id": "app-1", "source": {"url": source}, "priority": "urgent"})
    cloud.send(bad)
    for subject in ("app-1", cloud.send("no job"), cloud.send("nor this")):
        subscriber.event(f"{subject}/rejected")
    dead = cloud.queue_url("slipway-jobs-dlq")
    until(lambda: cloud.counts(dead)[0] == 3, "the dead letters")
    ways = (["--daemon", f"http://{daemon.http}"], ["--daemon", nobody, "--config", file_of(tmp_path)])

    def dlq(*arguments, way, **more):
        return slipway("dlq", *arguments, *way, variables=environment(cloud.url, **more))

    for way in ways:
        look = json.loads(dlq("ls", "--json", way=way).stdout)
        letters = {letter["body"]: letter for letter in look["letters"]}
        assert look["complete"] and set(letters) == {bad, "no job", "nor this"}
        assert [problem["path"] for problem in letters[bad]["problems"]] == ["/priority"]
        assert (letters[bad]["kind"], letters[bad]["acceptable"], letters[bad]["job"]) == ("rejected", False, "app-1")
        assert "priority" in dlq("show", letters[bad]["id"], way=way).stdout
        assert dlq("redrive", letters[bad]["id"], way=way).returncode == 1
        assert dlq("redrive", way=way).returncode == 64
        assert cloud.counts(dead) == (3, 0), "all are given back"
    # In both ways: one message is corrected by hand, and one is deleted by its problem.
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/sh\nsed -i 's/urgent/high/' \"$2\"\n")
    editor.chmod(editor.stat().st_mode | stat.S_IXUSR)
    edited = dlq("redrive", letters[bad]["id"], "--edit", way=ways[1], EDITOR=f"{editor} --wait")
    assert edited.returncode == 0, edited.stderr
    assert subscriber.event("app-1/finished")["data"]["status"] == "succeeded"
    deleted = dlq("delete", letters["no job"]["id"], "--json", way=ways[0])
    assert json.loads(deleted.stdout)["done"] == [letters["no job"]["id"]]
    deleted = dlq("delete", "--problem", "is not JSON", way=ways[1])
    assert deleted.stdout == f"{letters['nor this']['id']} deleted\n"
    assert cloud.counts(dead) == (0, 0)
    # The daemon answers with its last reading for a few seconds.
    until(lambda: dlq("ls", way=ways[0]).stdout == "no dead letters\n", "an empty list")
