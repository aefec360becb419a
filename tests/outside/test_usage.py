"""Wrong arguments and wrong configurations: the exit code, and everything that is wrong."""

import os
import shutil
import subprocess

import pytest

from checker import lacking
from conftest import daemon_config
from program import environment, slipway

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs"
WRONG = """\
[[queues]]
url = "sqs.example"
visibility = "1s"

[topic]
arn = "slipway-events"
events = ["started", "launched"]

[limits]
running = 0
runing = 5

[profiles.default]
project = "flex"
sources = ["github.com/acme/*"]
timeout_minutes = 4
"""


@pytest.mark.parametrize("command", ["check", "run", "local"])
def test_every_fault_of_a_configuration_is_reported(command, tmp_path):
    file = tmp_path / "slipway.toml"
    file.write_text(WRONG)
    listen = ["--listen", "127.0.0.1:0"] if command == "local" else []
    answer = slipway(command, *listen, "--config", file, variables=environment(SLIPWAY__HTTP__LISTEN="nowhere"))
    assert answer.returncode == 78, answer.stderr
    for key, value in [
        ("queues[0].url", "sqs.example"),
        ("queues[0].visibility", "1s"),
        ("topic.arn", "slipway-events"),
        ("topic.events", "launched"),
        ("limits.running", "0"),
        ("limits.runing", ""),
        ("profiles.default.sources", "github.com/acme/*"),
        ("profiles.default.timeout_minutes", "4"),
        ("http.listen", "nowhere"),
    ]:
        assert any(key in line and value in line for line in answer.stderr.splitlines()), f"{key}:\n{answer.stderr}"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["launch"],
        ["run"],
        ["run", "--config"],
        ["check", "--config", "x", "--verbose"],
        ["submit"],
        ["local", "--listen", "0.0.0.0:4566"],
        ["schema", "world"],
    ],
)
def test_wrong_usage_is_64_and_says_what_is_wrong(arguments):
    answer = slipway(*arguments)
    assert (answer.returncode, answer.stdout) == (64, "")
    assert answer.stderr


def test_a_missing_configuration_is_78(tmp_path):
    assert slipway("run", "--config", tmp_path / "nowhere.toml").returncode == 78


def test_a_taken_port_is_reported_with_the_option_to_choose_another(local, tmp_path):
    answer = slipway("local", "--listen", local.address)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert local.address in answer.stderr and "--listen" in answer.stderr
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config(local.address))
    for command in (["local", "--listen", "127.0.0.1:0"], ["run", "--config", file]):
        answer = slipway(*command, variables=environment(SLIPWAY__HTTP__LISTEN=local.http))
        # The welcome comes only when everything is ready.
        assert (answer.returncode, answer.stdout) == (1, "")
        assert local.http in answer.stderr and "SLIPWAY__HTTP__LISTEN" in answer.stderr and "[http].listen" in answer.stderr


def test_local_mode_listens_on_localhost_by_its_name(start_local, free_port):
    port = free_port()
    local = start_local("--no-daemon", listen=f"localhost:{port}")
    assert local.address == f"127.0.0.1:{port}"
    local.program.end()


PROFILE = """\
[default]
services = elsewhere

[services elsewhere]
sqs =
  endpoint_url = http://10.1.2.3:4566
"""


@pytest.mark.parametrize(
    "variables, named",
    [
        ({"AWS_ENDPOINT_URL": "http://10.1.2.3:4566"}, "AWS_ENDPOINT_URL"),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SQS": "http://10.1.2.3:4566"}, "AWS_ENDPOINT_URL_SQS"),
        ({"AWS_ENDPOINT_URL_SNS": "http://localhost.example.com"}, "AWS_ENDPOINT_URL_SNS"),
        ({"AWS_ENDPOINT_URL_CODEBUILD": "http://169.254.1.1"}, "AWS_ENDPOINT_URL_CODEBUILD"),
        ({"AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": "http://[2001:db8::1]"}, "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS"),
        ({"AWS_ENDPOINT_URL_STS": "http://sts.amazonaws.com"}, "AWS_ENDPOINT_URL_STS"),
        ({"AWS_CONFIG_FILE": PROFILE}, "AWS profile"),
        ({"AWS_CONFIG_FILE": "[default]\nendpoint_url = http://10.1.2.3"}, "AWS profile"),
    ],
)
def test_plain_http_to_other_machines_is_refused_for_every_service(variables, named, tmp_path):
    file, profile = tmp_path / "slipway.toml", tmp_path / "aws"
    file.write_text(daemon_config("127.0.0.1:1"))
    if text := variables.get("AWS_CONFIG_FILE"):
        profile.write_text(text)
        variables = {"AWS_CONFIG_FILE": str(profile)}
    commands = [["check", "--config", file], ["run", "--config", file], ["logs", "app-1", "--project", "flex"]]
    url = ["--url", "file:///srv/app"]
    commands += [["submit", *url, "--config", file], ["submit", *url, "--config", file, "--follow"]]
    for command in commands:
        answer = slipway(*command, variables=environment(**variables))
        assert (answer.returncode, answer.stdout) == (78, ""), f"{command}:\n{answer.stderr}"
        [line] = answer.stderr.splitlines()[1:]
        assert named in line and "http:// on this machine" in line


def test_an_unused_endpoint_is_not_checked(tmp_path):
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config("127.0.0.1:1"))
    fine = {"AWS_ENDPOINT_URL": "http://[::1]:4566", "AWS_ENDPOINT_URL_SQS": "https://sqs.example.com", "AWS_ENDPOINT_URL_S3": "http://10.1.2.3"}
    ignored = {"AWS_ENDPOINT_URL": "http://10.1.2.3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    for variables in (fine, ignored):
        answer = slipway("check", "--config", file, variables=environment(**variables))
        assert answer.returncode == 0, answer.stderr


def test_a_missing_deployment_or_job_is_reported_with_every_way_to_name_it(tmp_path):
    nothing = slipway("submit", "--url", "https://github.com/acme/app", variables={})
    assert nothing.returncode == 64 and "`slipway local`" in nothing.stderr and "AWS_ENDPOINT_URL" in nothing.stderr
    no_job = slipway("submit", variables={})
    assert no_job.returncode == 64 and "--file <JOB.json>" in no_job.stderr and "--url <URL>" in no_job.stderr
    file = tmp_path / "client.toml"
    file.write_text(f'queue_url = "{QUEUE}"\n')
    follow = slipway("submit", "--client", file, "--url", "https://github.com/acme/app", "--follow", variables=environment())
    [line] = follow.stderr.splitlines()
    assert follow.returncode == 64 and str(file) in line and "projects" in line and "topic_arn" in line


@pytest.mark.parametrize("variable, option, like", [
    ("SLIPWAY_QUEUE_URL", "--queue-url", QUEUE),
    ("SLIPWAY_TOPIC_ARN", "--topic-arn", "arn:aws:sns:eu-west-1:123456789012:slipway-events"),
    ("SLIPWAY_PROJECT", "--project", "codebuild-flex"),
    ("SLIPWAY_DAEMON", "--daemon", "http://127.0.0.1:9090"),
])
def test_an_invalid_address_is_refused_with_its_name_its_rule_and_an_example(variable, option, like):
    # No call is made: the endpoint would refuse the connection.
    variables = environment("http://127.0.0.1:1")
    typed = slipway("logs", "app-1", option, "no nsense", variables=variables)
    assert typed.returncode == 64 and option in typed.stderr and like in typed.stderr, typed
    assert slipway("logs", "app-1", option, "", variables=variables).returncode == 64
    named = slipway("logs", "app-1", variables=variables | {variable: "no nsense"})
    assert named.returncode == 64 and f"{variable} must be" in named.stderr and like in named.stderr, named
    # A variable that is set and empty counts as not set.
    unset = slipway("logs", "app-1", variables=variables | {variable: ""})
    assert unset.returncode == 3 and "no answer from http://127.0.0.1:1" in unset.stderr, unset


def test_a_missing_file_is_reported_with_the_setting_that_names_it(tmp_path):
    for variable, option, what in [("SLIPWAY_CLIENT", "--client", "file for senders"), ("SLIPWAY_CONFIG", "--config", "configuration file")]:
        none = tmp_path / "none.toml"
        named = slipway("logs", "app-1", variables=environment() | {variable: str(none)})
        assert named.returncode == 78 and f"{variable}: cannot read the {what} {none}" in named.stderr, named
        typed = slipway("logs", "app-1", option, none, variables=environment())
        assert typed.returncode == 78 and f"error: cannot read the {what} {none} ({option} or {variable}" in typed.stderr, typed


def test_every_command_has_the_same_exit_code_without_a_daemon():
    nobody = ["--daemon", "http://127.0.0.1:1"]
    for command in (["jobs"], ["show", "app-1"], ["cancel", "app-1"], ["limits"], ["pause"], ["resume"], ["reload"], ["dlq", "ls"]):
        answer = slipway(*command, *nobody, variables=environment())
        assert answer.returncode == 1 and "no daemon answers at http://127.0.0.1:1/" in answer.stderr, (command, answer)


def test_a_job_file_that_is_not_utf_8_is_wrong_usage(tmp_path):
    file = tmp_path / "job.json"
    file.write_text('{"version": 1}', encoding="utf-16")
    answer = slipway("submit", "--queue-url", QUEUE, "--file", file, variables=environment())
    assert answer.returncode == 64 and f"the job file {file} must be text in UTF-8" in answer.stderr, answer


@pytest.mark.parametrize("url, words", [
    ("https://github.com", "must name a repository, like https://github.com/acme/app"),
    ("git@github.com:acme/app.git", "write https://github.com/acme/app.git"),
    ("ssh://git@github.com/acme/app", "write https://github.com/acme/app"),
])
def test_an_invalid_source_is_refused_with_advice(url, words):
    answer = slipway("submit", "--queue-url", QUEUE, "--url", url, variables=environment())
    assert answer.returncode == 64 and words in answer.stderr, answer


def test_a_log_filter_that_would_silence_the_log_is_an_error():
    for wish in ("lod", "slipway", "slipway=loud"):
        answer = slipway("schema", "job", variables=environment(SLIPWAY_LOG=wish))
        assert (answer.returncode, answer.stdout) == (64, "") and "SLIPWAY_LOG" in answer.stderr and wish in answer.stderr
        # The reason is printed once.
        assert answer.stderr.count("error parsing") <= 1 and answer.stderr.count("expected one of") <= 1, answer.stderr


@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_the_output_of_local_mode_can_be_pasted_into_a_shell(local, repository, tmp_path, shell):
    if not shutil.which(shell):
        lacking(f"no {shell}: .ci/engine installs it")
    lines = [line.strip() for line in local.program.output.splitlines() if line.startswith("  ")]
    exports = [line for line in lines if line.startswith("export ")]
    [submit] = [line for line in lines if " submit " in line]
    [logs] = [line for line in lines if " logs " in line]
    folder, job = repository().removeprefix("file://"), f"pasted-{shell}"
    script = "\n".join([*exports, f"cd {folder}", submit.replace("--id first", f"--id {job}"), logs.replace("first", job)])
    # The variables for every AWS client and for Slipway's own commands, in this shell too.
    script += "\necho $AWS_DEFAULT_REGION $AWS_ACCESS_KEY_ID $SLIPWAY_DAEMON"
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    answer = subprocess.run([shell, "-c", script], env=bare, capture_output=True, text=True, timeout=60, check=False)
    assert answer.returncode == 0 and f"{job} succeeded" in answer.stderr, answer.stderr
    assert answer.stdout.splitlines().count(f"built {job}") == 2
    assert answer.stdout.endswith(f"us-east-1 local http://{local.http}\n")


def test_local_mode_takes_no_configuration_from_the_environment(start_local):
    local = start_local("--no-daemon", SLIPWAY_CONFIG="/nowhere/slipway.toml")
    local.program.end()


def test_man_pages_are_written_for_every_command(tmp_path):
    answer = slipway("man", tmp_path / "man1")
    assert (answer.returncode, answer.stdout) == (0, ""), answer.stderr
    names = {path.name for path in (tmp_path / "man1").iterdir()}
    assert {"slipway.1", "slipway-run.1", "slipway-submit.1"} <= names
    if shutil.which("groff"):
        for page in sorted(names):
            checked = subprocess.run(["groff", "-man", "-ww", "-z", tmp_path / "man1" / page], capture_output=True, text=True, check=False)
            assert (checked.returncode, checked.stderr) == (0, ""), page
