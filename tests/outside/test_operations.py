"""docs/operations.md, the deployments and the daemon speak of the same alarms, sentences and metrics."""

import json
import re

import yaml

from deployment import DEPLOY, Loose
from program import ROOT

MANUAL = (ROOT / "docs/operations.md").read_text()
OBSERVE = (ROOT / "src/observe.rs").read_text()
ALARMS = (DEPLOY / "terraform/alarms.tf").read_text()
RESOURCES = yaml.load((DEPLOY / "cloudformation.yaml").read_text(), Loader=Loose)["Resources"].values()


def of_type(kind):
    return [resource["Properties"] for resource in RESOURCES if resource["Type"] == kind]


def log_metrics():
    """Terraform's: by name, the pattern and the threshold."""
    found = re.findall(r'^    ([\w-]+) = \{\n      pattern     = "(.*)"\n      threshold   = (\d+)$', ALARMS, re.M)
    return {name: (pattern.replace('\\"', '"'), int(threshold)) for name, pattern, threshold in found}


def test_both_deployments_have_the_alarms_of_the_manual():
    told = set(re.findall(r"^\| `NAME-([\w-]+)` \|", MANUAL, re.M))
    formation = {alarm["AlarmName"].removeprefix("${Name}-") for alarm in of_type("AWS::CloudWatch::Alarm")}
    terraform = set(re.findall(r'alarm_name\s+= "\$\{var.name\}-([\w-]+)"', ALARMS)) | set(log_metrics())
    assert told == formation == terraform


def test_both_deployments_count_the_same_sentences_and_the_daemon_says_them():
    patterns = {filters["FilterName"].removeprefix("${Name}-"): filters["FilterPattern"] for filters in of_type("AWS::Logs::MetricFilter")}
    thresholds = {alarm["MetricName"]: alarm["Threshold"] for alarm in of_type("AWS::CloudWatch::Alarm") if "Slipway" in alarm["Namespace"]}
    formation = {name: (pattern, thresholds[name]) for name, pattern in patterns.items()}
    assert formation == log_metrics() and len(formation) == 9
    sentences = [pattern.strip('"') for pattern in patterns.values() if not pattern.startswith("?")]
    assert [sentence for sentence in sentences if sentence not in OBSERVE] == []
    errors = (ROOT / "src/aws/error/class.rs").read_text()
    codes = [code.removesuffix("Exception") for code in patterns["throttled"].replace("?", "").split()]
    assert [code for code in codes if f'"{code}"' not in errors] == []


def test_both_deployments_ask_for_health_as_the_image_does():
    [task] = of_type("AWS::ECS::TaskDefinition")
    command = task["ContainerDefinitions"][0]["HealthCheck"]["Command"]
    assert re.search(r"^HEALTHCHECK .* CMD (.*)$", (ROOT / "Dockerfile").read_text(), re.M)[1] == json.dumps(command[1:])
    assert f"command     = {json.dumps(command)}" in (DEPLOY / "terraform/daemon.tf").read_text()


def test_the_manual_knows_every_metric_and_no_other():
    assert set(re.findall(r"slipway_\w+", MANUAL)) - {"slipway_toml"} == set(re.findall(r'describe_\w+!\(\s*"(\w+)"', OBSERVE))
