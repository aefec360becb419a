"""Following a job by `slipway submit --follow`."""

import json
import re
import signal

import pytest

from cloud import job
from conftest import daemon_config
from program import SLIPWAY, environment, slipway
from test_moto import deployed  # noqa: F401 - a fixture
from waiting import until

LINES = 25_000
CHATTY = f"version: 0.2\nphases:\n  build:\n    commands:\n      - seq -f 'line %.0f' {LINES}\n"
FAILING = "version: 0.2\nphases:\n  build:\n    commands:\n      - printf '\\033[31mred\\033[0m\\n'\n      - exit 3\n"


@pytest.fixture
def follower(programs, local):
    """A function that starts a command with --follow."""

    def start(*arguments, cloud=None, **variables):
        return programs("follow", [SLIPWAY, *arguments], environment((cloud or local.cloud).url, **variables))

    return start


def run(local, *arguments, given=None, **more):
    return slipway(*arguments, variables=environment(local.cloud.url, **more), given=given)


def numbers(text):
    return [int(number) for number in re.findall(r"^line (\d+)$", text, re.M)]


def nothing_is_left(cloud):
    """No queue and no subscription of a follower is left."""
    queues = cloud.sqs.list_queues(QueueNamePrefix="slipway-follow-").get("QueueUrls", [])
    subscriptions = cloud.sns.list_subscriptions()["Subscriptions"]
    return not queues and len([it for it in subscriptions if "slipway-follow-" in it["Endpoint"]]) == 0


def test_a_succeeding_job_is_followed_to_its_end(local, repository, unique):
    answer = run(local, "submit", "--url", repository(), "--id", unique, "--follow")
    assert answer.returncode == 0, answer.stderr
    assert f"built {unique}" in answer.stdout.splitlines()
    lines = answer.stderr.splitlines()
    assert lines[0] == f"{unique} is on the queue, and waits for its turn"
    assert re.fullmatch(rf"build slipway:\S+ of {unique}, number \d+", lines[1])
    phases = [line for line in lines if re.fullmatch(r"\d\d:\d\d:\d\d [A-Z_]+ +succeeded +\d+\.\ds", line)]
    names = [line.split()[1] for line in phases]
    assert (names[0], names[-1]) == ("SUBMITTED", "FINALIZING") and "BUILD" in names and len(names) == len(set(names))
    assert lines[-1] == f"{unique} succeeded"
    assert nothing_is_left(local.cloud)


def test_a_failing_job_is_followed_to_its_reason_and_piped_output_is_plain(local, repository, unique):
    answer = run(local, "submit", "--url", repository(FAILING), "--id", unique, "--follow")
    assert answer.returncode == 1, answer.stderr
    assert "\x1b" not in answer.stdout + answer.stderr
    assert "red" in answer.stdout.splitlines()
    assert f"{unique} failed in BUILD\n  Error while executing command: exit 3. Reason: exit status 3" in answer.stderr
    assert nothing_is_left(local.cloud)


INVALID = '{"version": 1, "id": "x", "source": {"url": "git@github.com:acme/app.git"}, "images": 7}'


@pytest.mark.parametrize(
    "body, problems",
    [(INVALID, ["- /source/url: ", "- /images: "]), ("no job at all", ["- is not JSON: "]), ("", ["- is not JSON: "])],
)
@pytest.mark.parametrize("follow", [[], ["--follow"]])
def test_an_invalid_job_is_not_sent_and_every_problem_is_printed(endpoint, body, problems, follow):
    answer = run(endpoint, "submit", "--file", "-", *follow, given=body)
    assert (answer.returncode, answer.stdout) == (64, ""), answer.stderr
    assert "was not sent" in answer.stderr and "slipway schema job" in answer.stderr
    assert [problem for problem in problems if problem not in answer.stderr] == []
    assert endpoint.cloud.counts(endpoint.cloud.queue_url("slipway-jobs")) == (0, 0)
    assert nothing_is_left(endpoint.cloud)


def test_a_problem_that_only_the_daemon_finds_is_printed_from_its_event(local, unique):
    answer = run(local, "submit", "--url", "https://example.com/a/b", "--id", unique, "--follow")
    assert (answer.returncode, answer.stdout) == (2, ""), answer.stderr
    assert f"{unique} rejected\n  - /source/url: is not among the sources" in answer.stderr
    assert nothing_is_left(local.cloud)


def test_every_line_is_printed_once_and_in_order(local, repository, unique):
    answer = run(local, "submit", "--url", repository(CHATTY), "--id", unique, "--follow")
    assert answer.returncode == 0, answer.stderr
    assert numbers(answer.stdout) == list(range(1, LINES + 1))
    # The same lines again after the end, by the id of the job and of the build.
    [build] = local.cloud.builds_of("slipway", unique)
    by_job = run(local, "logs", unique)
    assert (by_job.returncode, by_job.stdout) == (0, answer.stdout)
    for name in (build["id"], build["arn"]):
        assert run(local, "logs", name, "--follow").stdout == answer.stdout


def test_json_output_has_one_record_for_each_line(local, repository, unique):
    answer = run(local, "submit", "--url", repository(FAILING), "--id", unique, "--follow", "--json")
    assert answer.returncode == 1, answer.stderr
    records = [json.loads(line) for line in answer.stdout.splitlines()]
    kinds = [record["type"] for record in records]
    assert kinds[:2] == ["waiting", "build"] and kinds[-1] == "end" and set(kinds[2:-1]) == {"phase", "line"}
    end = records[-1]
    assert (end["job"], end["status"], end["failure"]["code"]) == (unique, "failed", "COMMAND_EXECUTION_ERROR")
    [failed] = [record for record in records if record["type"] == "phase" and record["status"] == "FAILED"]
    assert failed["phase"] == "BUILD" and failed["code"] == "COMMAND_EXECUTION_ERROR"
    # Each phase follows its last line.
    texts = [record.get("text", "") for record in records]
    for at, record in enumerate(records):
        if record["type"] == "phase" and record["phase"] in ("DOWNLOAD_SOURCE", "PRE_BUILD", "BUILD", "POST_BUILD", "UPLOAD_ARTIFACTS"):
            assert any(f"Phase complete: {record['phase']} " in text for text in texts[:at]), record
    assert "\x1b[31mred\x1b[0m" in [record["text"] for record in records if record["type"] == "line"], "as it was logged"
    [build] = {record["build"] for record in records if "build" in record}
    shown = [json.loads(line) for line in run(local, "logs", build, "--json").stdout.splitlines()]
    assert [record for record in shown if record["type"] == "line"] == [record for record in records if record["type"] == "line"]
    assert shown[-1] == {"type": "end", "build": build, "status": "failed", "complete": True}


def test_a_waiting_job_is_followed_once_it_runs(start_local, follower, repository, gate):
    local = start_local(SLIPWAY__LIMITS__RUNNING="1")
    first = follower("submit", "--url", repository(gate.buildspec), "--id", "first", "--follow", cloud=local.cloud)
    first.says(lambda text: "waiting\n" in text, "its build runs")
    second = follower("submit", "--url", repository(), "--id", "second", "--follow", cloud=local.cloud)
    second.says(lambda text: "second is on the queue, and waits for its turn" in text, "that it waits")
    local.subscriber.event("second/queued")
    assert "build " not in second.log
    gate.open()
    assert (first.code(), second.code()) == (0, 0)
    assert "through" in first.output.splitlines() and "built second" in second.output.splitlines()
    local.program.end()


def test_an_interruption_does_not_stop_the_build_and_says_how_to_follow_it_again(local, follower, repository, gate, unique):
    program = follower("submit", "--url", repository(gate.buildspec), "--id", unique, "--follow")
    program.says(lambda text: "\nwaiting\n" in text, "what the build says")
    program.send(signal.SIGINT)
    assert program.code() == 130
    [build] = local.cloud.builds_of("slipway", unique)
    assert build["buildStatus"] == "IN_PROGRESS"
    assert program.log.endswith(f"\nThe build goes on. To come back to it: slipway logs {build['id']} --follow\n")
    assert nothing_is_left(local.cloud)

    # Without --follow, up to now; with it, to the end.
    now = run(local, "logs", unique)
    assert now.returncode == 0 and "\nwaiting\n" in now.stdout and "--follow goes on" in now.stderr, now
    command = program.log.splitlines()[-1].split("slipway ")[1].split()
    back = follower(*command)
    back.says(lambda text: "\nwaiting\n" in text, "what the build has said")
    back.send(signal.SIGTERM)
    assert back.code() == 130 and f"slipway {' '.join(command)}\n" in back.log
    back = follower(*command)
    back.says(lambda text: "\nwaiting\n" in text, "what the build has said")
    gate.open()
    assert back.code() == 0
    assert back.output.splitlines().count("waiting") == 1 and "through" in back.output.splitlines()
    assert until(lambda: local.cloud.builds_of("slipway", unique)[0]["buildStatus"] == "SUCCEEDED", "the build's end")


def test_an_interruption_while_the_job_waits_names_the_job(endpoint, follower, unique, repository):
    # There is no daemon, so the job waits for ever.
    program = follower("submit", "--url", repository(), "--id", unique, "--follow", cloud=endpoint.cloud)
    program.says(lambda text: "waits for its turn" in text, "that it waits")
    program.send(signal.SIGINT)
    assert program.code() == 130
    assert program.log.endswith(f"\nThe job stays where it is. To come back to it: slipway logs {unique} --follow\n")
    assert nothing_is_left(endpoint.cloud)
    assert endpoint.cloud.counts(endpoint.cloud.queue_url("slipway-jobs")) == (1, 0)


def test_without_the_topic_the_job_is_followed_by_its_builds(endpoint, start_daemon, repository, tmp_path, unique):
    config = daemon_config(endpoint.address)
    start_daemon(endpoint.cloud.url, config).is_ready()
    file = tmp_path / "deaf.toml"
    file.write_text(config.replace(":slipway-events", ":not-there"))
    submit = ["submit", "--config", file, "--follow"]
    built = run(endpoint, *submit, "--url", repository(), "--id", unique)
    assert built.returncode == 0, built.stderr
    assert built.stderr.startswith("following by the job's builds alone: ") and built.stderr.endswith(f"{unique} succeeded\n")
    assert f"built {unique}" in built.stdout.splitlines()
    failed = run(endpoint, *submit, "--url", repository(FAILING), "--id", f"{unique}-2")
    assert failed.returncode == 1 and "failed in BUILD" in failed.stderr, failed.stderr
    # The operator's rules are known here, so the job is not sent.
    refused = run(endpoint, *submit, "--url", "https://example.com/a/b", "--id", f"{unique}-3")
    assert refused.returncode == 64 and "- /source/url: " in refused.stderr, refused.stderr
    assert endpoint.cloud.counts(endpoint.cloud.queue_url("slipway-jobs-dlq")) == (0, 0)
    assert nothing_is_left(endpoint.cloud)


def test_a_repeated_id_builds_nothing_and_the_output_says_so(local, repository, unique):
    url = repository()
    first = run(local, "submit", "--url", url, "--id", unique, "--follow")
    assert first.returncode == 0 and "under this id" not in first.stderr
    again = run(local, "submit", "--url", url, "--id", unique, "--follow")
    assert again.returncode == 0 and f"built {unique}" in again.stdout.splitlines(), again.stderr
    lines = again.stderr.splitlines()
    assert re.fullmatch(rf"{unique} was built \d+ s ago under this id; nothing is built again\. What follows is that build, slipway:\S+\.", lines[1])
    assert lines[2] == "  To build it again, send it under another id."
    assert lines[-2:] == [f"{unique} succeeded", "  That is how an earlier message with this id ended; nothing was built for this one."]
    records = [json.loads(line) for line in run(local, "submit", "--url", url, "--id", unique, "--follow", "--json").stdout.splitlines()]
    [build] = local.cloud.builds_of("slipway", unique)
    assert records[1]["type"] == "repeat" and records[1]["build"] == build["id"] and records[1]["seconds_ago"] >= 0
    assert records[-1]["repeat"] is True


def test_a_repeated_id_of_a_running_job_follows_its_build(local, follower, repository, gate, unique):
    url = repository(gate.buildspec)
    first = follower("submit", "--url", url, "--id", unique, "--follow")
    first.says(lambda text: "\nwaiting\n" in text, "what the build says")
    second = follower("submit", "--url", url, "--id", unique, "--follow")
    second.says(lambda text: f"{unique} is being built already under this id; no other build starts." in text, "that it is no new job")
    gate.open()
    assert (first.code(), second.code()) == (0, 0)
    assert second.log.splitlines()[-1].startswith("  That is how an earlier message with this id ended")
    assert "That is how" not in first.log
    assert len(local.cloud.builds_of("slipway", unique)) == 1


def test_the_file_for_senders_is_enough_to_follow(local, repository, tmp_path, unique):
    topic = "arn:aws:sns:us-east-1:000000000000:slipway-events"
    queue = f"http://{local.address}/000000000000/slipway-jobs"
    file = tmp_path / "client.toml"
    file.write_text(f'queue_url = "{queue}"\ntopic_arn = "{topic}"\nprojects = ["slipway"]\n')
    # The services have different endpoints, so the names of local mode's own parts are not guessed.
    url = local.cloud.url
    variables = environment() | {f"AWS_ENDPOINT_URL_{name}": url for name in ("SQS", "SNS", "CODEBUILD", "CLOUDWATCH_LOGS")}
    named = {"SLIPWAY_QUEUE_URL": queue, "SLIPWAY_TOPIC_ARN": topic, "SLIPWAY_PROJECT": "slipway"}
    for number, (arguments, more) in enumerate([(["--client", file], {}), ([], {"SLIPWAY_CLIENT": str(file)}), ([], named)]):
        name = f"{unique[:50]}-{number}"
        submit = ["submit", *arguments, "--follow", "--url", repository(), "--id", name]
        answer = slipway(*submit, variables=variables | more)
        assert answer.returncode == 0 and "builds alone" not in answer.stderr, answer.stderr
        assert f"built {name}" in answer.stdout.splitlines()
        shown = slipway("logs", name, *arguments, variables=variables | more)
        assert (shown.returncode, shown.stdout) == (0, answer.stdout), shown.stderr
    file.write_text('queue = "x"\n')
    wrong = slipway("submit", "--client", file, "--url", "https://github.com/acme/app", variables=variables)
    assert wrong.returncode == 78 and "line 1: unknown field `queue`" in wrong.stderr


def test_an_endpoint_that_ends_is_reported_within_ten_seconds(start_local, follower, repository, gate):
    local = start_local()
    program = follower("submit", "--url", repository(gate.buildspec), "--id", "left", "--follow", cloud=local.cloud)
    program.says(lambda text: "\nwaiting\n" in text, "what the build says")
    local.program.kill()
    program.says(lambda text: "AWS has not answered for 8 s; trying again" in text, "that nobody answers", 10)
    program.send(signal.SIGINT)
    assert program.code() == 130


def test_the_exit_code_is_3_if_a_job_cannot_be_followed_and_1_if_it_is_not_sent(free_port, repository):
    nobody = environment(f"http://127.0.0.1:{free_port()}")
    url = ["--url", repository()]
    for command, code in [(["submit", *url], 1), (["submit", *url, "--follow"], 3), (["logs", "app-1"], 3)]:
        answer = slipway(*command, variables=nobody)
        assert answer.returncode == code and "AWS_ENDPOINT_URL" in answer.stderr, answer.stderr


def test_jobs_can_be_followed_on_another_emulator(moto, deployed, start_daemon, tmp_path, unique):
    start_daemon(moto.url, deployed).is_ready()
    file = tmp_path / "moto.toml"
    file.write_text(deployed)
    variables = environment(moto.url)
    submit = ["submit", "--config", file, "--follow", "--id", unique]
    answer = slipway(*submit, "--url", "https://github.com/acme/app", variables=variables)
    assert answer.returncode == 0, answer.stderr
    # Its builds have neither a log nor the name of their job.
    assert "the build has no log" in answer.stderr and answer.stderr.endswith(f"{unique} succeeded\n")
    answer = slipway(*submit, "--url", "https://example.com/acme/app", variables=variables)
    assert answer.returncode == 64 and "- /source/url: " in answer.stderr, answer.stderr
    assert nothing_is_left(moto)
