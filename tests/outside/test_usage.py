"""Wrong arguments and wrong configurations: the exit code and everything that is wrong."""

import pytest

from conftest import daemon_config
from program import environment, slipway

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
def test_every_fault_of_a_configuration_is_named(command, tmp_path):
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


def test_a_port_that_is_taken_is_a_failure_that_names_it_and_what_chooses_another(local, tmp_path):
    answer = slipway("local", "--listen", local.address)
    assert (answer.returncode, answer.stdout) == (1, "")
    assert local.address in answer.stderr and "--listen" in answer.stderr
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config(local.address))
    for command in (["local", "--listen", "127.0.0.1:0"], ["run", "--config", file]):
        answer = slipway(*command, variables=environment(SLIPWAY__HTTP__LISTEN=local.http))
        # Nothing is welcome before everything is there.
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
def test_plain_http_leaves_this_machine_for_no_service(variables, named, tmp_path):
    file, profile = tmp_path / "slipway.toml", tmp_path / "aws"
    file.write_text(daemon_config("127.0.0.1:1"))
    if text := variables.get("AWS_CONFIG_FILE"):
        profile.write_text(text)
        variables = {"AWS_CONFIG_FILE": str(profile)}
    commands = [["check", "--config", file], ["run", "--config", file], ["logs", "app-1", "--project", "flex"]]
    url = ["--url", "https://github.com/acme/app"]
    commands += [["submit", *url, "--config", file], ["submit", *url, "--config", file, "--follow"]]
    for command in commands:
        answer = slipway(*command, variables=environment(**variables))
        assert (answer.returncode, answer.stdout) == (78, ""), f"{command}:\n{answer.stderr}"
        [line] = answer.stderr.splitlines()[1:]
        assert named in line and "http:// on this machine" in line


def test_an_endpoint_that_is_not_used_may_be_any(tmp_path):
    file = tmp_path / "slipway.toml"
    file.write_text(daemon_config("127.0.0.1:1"))
    fine = {"AWS_ENDPOINT_URL": "http://[::1]:4566", "AWS_ENDPOINT_URL_SQS": "https://sqs.example.com", "AWS_ENDPOINT_URL_S3": "http://10.1.2.3"}
    ignored = {"AWS_ENDPOINT_URL": "http://10.1.2.3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"}
    for variables in (fine, ignored):
        answer = slipway("check", "--config", file, variables=environment(**variables))
        assert answer.returncode == 0, answer.stderr


def test_check_asks_aws_for_what_the_configuration_names(endpoint, tmp_path):
    file = tmp_path / "slipway.toml"

    def check(config):
        file.write_text(config)
        return slipway("check", "--config", file, "--online", variables=environment(endpoint.cloud.url))

    good = check(daemon_config(endpoint.address))
    assert (good.returncode, good.stdout.count("WRONG")) == (0, 0), good.stdout
    bad = check(daemon_config(endpoint.address).replace("slipway-jobs-dlq", "gone").replace('project = "slipway"', 'project = "nobodys"'))
    assert bad.returncode == 1
    wrong = [line for line in bad.stdout.splitlines() if "WRONG" in line]
    assert any("queues[0].dead_letter_url" in line for line in wrong) and any("there is no such project" in line for line in wrong)
