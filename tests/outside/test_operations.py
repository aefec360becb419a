"""docs/operations.md, the deployments and the daemon have the same alarms, log messages and metrics."""

import json
import re

import yaml

import manual
from cloud import Subscriber, job
from deployment import Loose
from policy import DEPLOY
from program import ROOT, environment, slipway
from waiting import until

MANUAL = (ROOT / "docs/operations.md").read_text()
OBSERVE = "".join(path.read_text() for path in [ROOT / "src/observe.rs", *sorted((ROOT / "src/observe").iterdir())])
ALARMS = (DEPLOY / "terraform/alarms.tf").read_text()
RESOURCES = yaml.load((DEPLOY / "cloudformation.yaml").read_text(), Loader=Loose)["Resources"].values()


def of_type(kind):
    return [resource["Properties"] for resource in RESOURCES if resource["Type"] == kind]


def log_metrics():
    """The log metrics in Terraform by name, with pattern and threshold."""
    found = re.findall(r'^    ([\w-]+) = \{\n      pattern     = "(.*)"\n      threshold   = (\d+)$', ALARMS, re.M)
    return {name: (pattern.replace('\\"', '"'), int(threshold)) for name, pattern, threshold in found}


def test_both_deployments_have_the_alarms_in_the_manual():
    documented = set(re.findall(r"^\| `NAME-([\w-]+)` \|", MANUAL, re.M))
    formation = {alarm["AlarmName"].removeprefix("${Name}-") for alarm in of_type("AWS::CloudWatch::Alarm")}
    terraform = set(re.findall(r'alarm_name\s+= "\$\{var.name\}-([\w-]+)"', ALARMS)) | set(log_metrics())
    assert documented == formation == terraform


def test_both_deployments_count_the_same_log_messages_and_the_daemon_logs_them():
    patterns = {filters["FilterName"].removeprefix("${Name}-"): filters["FilterPattern"] for filters in of_type("AWS::Logs::MetricFilter")}
    thresholds = {alarm["MetricName"]: alarm["Threshold"] for alarm in of_type("AWS::CloudWatch::Alarm") if "Slipway" in alarm["Namespace"]}
    formation = {name: (pattern, thresholds[name]) for name, pattern in patterns.items()}
    assert formation == log_metrics() and len(formation) == 10
    sentences = [pattern.strip('"') for pattern in patterns.values() if not pattern.startswith("?")]
    assert [sentence for sentence in sentences if sentence not in OBSERVE] == []
    errors = (ROOT / "src/aws/error/class.rs").read_text()
    codes = [code.removesuffix("Exception") for code in patterns["throttled"].replace("?", "").split()]
    assert [code for code in codes if f'"{code}"' not in errors] == []


def test_both_deployments_check_health_like_the_image():
    [task] = of_type("AWS::ECS::TaskDefinition")
    command = task["ContainerDefinitions"][0]["HealthCheck"]["Command"]
    assert re.search(r"^HEALTHCHECK .* CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.M)[1] == json.dumps(command[1:])
    assert f"command     = {json.dumps(command)}" in (DEPLOY / "terraform/daemon.tf").read_text()


def test_the_manual_has_every_metric_and_no_other():
    assert set(re.findall(r"slipway_\w+", MANUAL)) - {"slipway_toml"} == set(re.findall(r'describe_\w+!\(\s*"(\w+)"', OBSERVE))


def test_every_command_of_the_runbook_runs_and_moves_dead_letters_back(start_local, tmp_path):
    """The dead letter is one that the daemon sent there itself, so SQS knows no source queue of it."""
    commands = manual.commands("docs/operations.md", "aws sqs")
    assert set(re.findall(r"aws sqs ([\w-]+)", MANUAL)) == set(re.findall(r"aws sqs ([\w-]+)", commands)), "all commands must be in the tested blocks"
    cloud = start_local().cloud
    subscriber = Subscriber(cloud)
    bad = cloud.send("{}")
    subscriber.event(f"{bad}/rejected")
    until(lambda: cloud.counts(cloud.queue_url("slipway-jobs-dlq"))[0] == 1, "the dead letter")
    # Messages that were just read are in flight, and are not moved then.
    shown = manual.run(commands.replace("--visibility-timeout 10", "--visibility-timeout 0"), cloud, tmp_path, NAME="slipway")
    assert "slipway.problems" in shown

    def rejected_again():
        subscriber.read(wait=1)
        return len([event for event in subscriber.events if event["type"] == "slipway.job.rejected"]) == 2

    until(rejected_again, "the message that was moved back, rejected once more")


def test_the_tables_in_the_manual_have_the_headings_that_the_commands_print(start_local, repository, gate):
    local = start_local()
    local.cloud.send(job("app-1", repository(gate.buildspec)))
    bad = local.cloud.send("{}")
    local.subscriber.event("app-1/1/started")
    local.subscriber.event(f"{bad}/rejected")
    variables = environment(local.cloud.url, SLIPWAY_DAEMON=f"http://{local.http}")
    dead = local.cloud.queue_url("slipway-jobs-dlq")
    until(lambda: local.cloud.counts(dead)[0] == 1, "the dead letter")
    for command, first in [("jobs", "STATE"), ("limits", "OF"), ("dlq ls", "ID")]:
        answer = slipway(*command.split(), variables=variables)
        assert answer.returncode == 0, answer.stderr
        [printed] = [line.split() for line in answer.stdout.splitlines() if line.startswith(f"{first} ")]
        shown = [line.split() for line in MANUAL.splitlines() if re.match(rf"{first} +[A-Z]", line)]
        assert shown and all(line == printed for line in shown), (command, printed, shown)
