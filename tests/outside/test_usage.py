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


def test_a_port_that_is_taken_is_a_failure_that_names_it(local):
    answer = slipway("local", "--listen", local.address)
    assert answer.returncode == 1 and local.address in answer.stderr


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
