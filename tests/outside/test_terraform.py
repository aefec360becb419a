"""deploy/terraform: checked, validated, applied to an emulator, and used by a daemon.

Terraform and its AWS provider are in no package registry from which the tests could install them. Where they are missing, the tests that
need them are skipped. The provider is searched where Terraform itself would, in TERRAFORM_PLUGIN_DIR, and below /opt.
"""

import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from deployed_daemon import api_needs_tokens, builds_a_job, follows_a_job, tokens
from deployment import Deployed, events_are_right, ministack, only_tls_and_named_accounts_are_accepted, project_is_right, trusts_are_narrow
from policy import ACCOUNT, DEPLOY, REGION, expected, places
from program import environment, slipway
from scan import nothing_insecure

__all__ = ["ministack"]

MODULE = DEPLOY / "terraform"
HERE = f"{REGION}:{ACCOUNT}"
PROVIDER = "registry.terraform.io/hashicorp/aws"
# The inputs of the example `complete`.
COMPLETE = {
    "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/slipway:1",
    "vpc_id": "vpc-00000001",
    "subnet_ids": '["subnet-1"]',
    "metrics_cidr": "10.0.0.0/8",
    "operator_address": "operator@example.com",
}
# Every invalid input, with its message.
WRONG = {
    "name": ("Slipway", "2 to 32 lower-case letters"),
    "sources": ('["ftp://host/x"]', "must be https://HOST/PATH or s3://BUCKET/KEY"),
    "running": ("0", "whole number from 1 to 100000"),
    "per_tenant": ("0.5", "whole number from 1, or left out"),
    "timeout_minutes": ("4", "must be 5 to 2160"),
    "events": ('["begun"]', "must be among queued, started, finished and rejected"),
    "build_environment": ('[{ name = "A", value = "b", type = "SECRET" }]', "must be PLAINTEXT, PARAMETER_STORE or"),
    "compute_type": ("small", "one of CodeBuild's names"),
    "environment_type": ("LINUX_LAMBDA_CONTAINER", "must be LINUX_CONTAINER, LINUX_GPU_CONTAINER or ARM_CONTAINER"),
    "queued_timeout_minutes": ("481", "must be 5 to 480"),
    "repositories": ('["Team/App"]', "repository's name in lower case"),
    "repository_patterns": ('["*"]', "a pattern for everything is refused"),
    "secret_arns": ('["*"]', "must be a secret's ARN"),
    "parameter_arns": ('["arn:aws:ssm:eu-west-1:123456789012:parameter/*"]', "must be a parameter's ARN"),
    "connection_arns": ('["*"]', "arn:aws:codeconnections:REGION:ACCOUNT:connection/ID"),
    "source_bucket_arns": ('["arn:aws:s3:::*"]', "must be a bucket's ARN"),
    "more_limits": ("{ running = 4 }", "none that has an input of its own"),
    "more_profile": ('{ project = "other" }', "none that the module sets"),
    "profiles": ('{ Nightly = { sources = ["https://github.com/acme/*"] } }', "an object with sources"),
    "sender_arns": ('["*"]', "a pattern is refused"),
    "subscriber_arns": ('["arn:aws:iam::111122223333:role/*"]', "a pattern is refused"),
    "max_receives": ("1", "two restarts of the daemon would bury a healthy job"),
    "cpu": ("300", "must be 256, 512, 1024, 2048 or 4096"),
    "memory": ("100", "must be 512 to 30720 MiB"),
    "cpu_architecture": ("arm64", "must be X86_64 or ARM64"),
    "desired_count": ("2", "hold within one daemon"),
    "grace_seconds": ("120", "Fargate kills after 120"),
    "tokens_secret_arn": ("slipway/tokens", "must be a secret's whole ARN"),
    "log_retention_days": ("31", "one of the times that CloudWatch knows"),
    "oldest_message_seconds": ("5", "must be at least 300"),
}
# Settings that the emulator does not keep, so that a second plan sets them again.
FORGOTTEN = {"aws_cloudwatch_metric_alarm", "aws_codebuild_project", "aws_ecs_service", "aws_security_group"}


def plugins():
    """The folder of providers that has AWS's."""
    named = os.environ.get("TERRAFORM_PLUGIN_DIR")
    usual = [Path.home() / ".terraform.d/plugins", Path("/usr/local/share/terraform/plugins"), Path("/usr/share/terraform/plugins")]
    folders = [Path(named)] if named else [*usual, *sorted(Path("/opt").glob("*"))]
    return next((folder for folder in folders if (folder / PROVIDER).is_dir()), None)


class Terraform:
    """A copy of deploy/, in which Terraform may create files."""

    def __init__(self, folder):
        self.module = folder / "deploy/terraform"
        shutil.copytree(DEPLOY, folder / "deploy", ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))

    def command(self, command, *arguments):
        return ["terraform", command, "-no-color", *map(str, arguments)]

    def settings(self, cloud=None):
        address = environment(cloud.url, **cloud.trust) if cloud else environment()
        return address | {"CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}

    def run(self, where, command, *arguments, cloud=None):
        """Runs a command in a folder of the module to its end."""
        folder = self.module / where
        arguments = self.command(command, *arguments)
        settings = self.settings(cloud)
        return subprocess.run(arguments, cwd=folder, env=settings, capture_output=True, text=True, timeout=300, check=False)

    def right(self, where, command, *arguments, cloud=None):
        """The output of a command, which must succeed."""
        answer = self.run(where, command, *arguments, cloud=cloud)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        return answer.stdout


@pytest.fixture(scope="module")
def terraform(tmp_path_factory):
    if not shutil.which("terraform"):
        pytest.skip("the program terraform is not on this machine")
    if not plugins():
        pytest.skip(f"the provider {PROVIDER} is not on this machine; TERRAFORM_PLUGIN_DIR can name its folder")
    terraform = Terraform(tmp_path_factory.mktemp("terraform"))
    for where in (".", "examples/minimal", "examples/complete"):
        terraform.right(where, "init", f"-plugin-dir={plugins()}")
    return terraform


@pytest.fixture(scope="module", autouse=True)
def applying(request):
    """Applies the example `complete` while the other tests run: nearly all of its minute is spent waiting by the provider."""
    if not shutil.which("terraform") or not plugins():
        yield None
        return
    terraform, ministack = request.getfixturevalue("terraform"), request.getfixturevalue("ministack")
    COMPLETE["tokens_secret_arn"] = tokens(ministack)
    variables = [f"-var={name}={value}" for name, value in COMPLETE.items()]
    command = terraform.command("apply", "-auto-approve", *variables)
    with subprocess.Popen(
        command,
        cwd=terraform.module / "examples/complete",
        env=terraform.settings(ministack),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        yield child
        child.kill()


def test_only_excused_settings_are_found_insecure():
    nothing_insecure("terraform")


def test_the_module_is_formatted(terraform):
    terraform.right(".", "fmt", "-check", "-recursive", "-diff")


@pytest.mark.parametrize("where", ["examples/minimal", "examples/complete"])
def test_the_examples_are_valid(terraform, where):
    terraform.right(where, "validate")


def test_every_wrong_input_is_refused_with_the_reason(terraform):
    variables = [f"-var={name}={value}" for name, (value, _) in WRONG.items()]
    answer = terraform.run(".", "plan", *variables)
    said = re.sub(r"[\s│]+", " ", answer.stderr)
    assert answer.returncode == 1
    assert [name for name, (_, reason) in WRONG.items() if f'var.{name} is ' not in said or reason not in said] == []


def test_every_input_with_a_rule_is_in_the_table_above():
    """Checked without Terraform too."""
    blocks = re.findall(r'^variable "(\w+)" \{\n(.*?)^\}', (MODULE / "variables.tf").read_text(), re.M | re.S)
    assert {name for name, block in blocks if "validation" in block} == set(WRONG)
    assert all("description" in block for _, block in blocks)


def test_the_module_reads_no_deprecated_attribute():
    """Checked without Terraform too: the name of the region is `name` before version 6 of the provider, `region` since then, and `id` in
    both."""
    text = "".join(path.read_text() for path in sorted(MODULE.rglob("*.tf")))
    assert set(re.findall(r"data\.aws_region\.\w+\.(\w+)", text)) == {"id"}


def test_all_permissions_are_in_the_policy_files():
    """Checked without Terraform too: the module itself contains only trust, and who may use the queues and the topic."""
    text = "".join(path.read_text() for path in sorted(MODULE.glob("*.tf")))
    named = set(re.findall(r'"((?:sqs|sns|logs|ecr|s3|ssm|sts|codebuild|codeconnections|secretsmanager):\w+)"', text))
    [without_tls] = re.findall(r"topic_actions = \[(.*?)\]", text, re.S)
    assert named - set(re.findall(r"sns:\w+", without_tls)) == {"sts:AssumeRole", "sqs:SendMessage"}
    assert set(re.findall(r'Action\s+= ("s[nq]s:\w+")', text)) == {'"sqs:SendMessage"', '"sns:Subscribe"'}


@pytest.fixture(scope="module")
def applied(applying, terraform, ministack):
    """The resources after the apply, and the outputs."""
    said, _ = applying.communicate(timeout=300)
    assert applying.returncode == 0, said
    outputs = json.loads(terraform.right("examples/complete", "output", "-json"))
    return Deployed(ministack, "slipway"), {name: output["value"] for name, output in outputs.items()}


def test_the_deployed_daemon_builds_a_job_and_publishes_its_end(applied, programs, free_port):
    deployed, outputs = applied
    assert deployed.environment()["SLIPWAY_CONFIG_TOML"] == outputs["slipway_toml"]
    builds_a_job(deployed, programs, free_port)


def test_the_api_accepts_the_tokens_of_the_secret(applied, programs, free_port):
    deployed, _ = applied
    api_needs_tokens(deployed, programs, free_port)


def test_the_client_file_and_the_followers_policy_are_enough_to_follow_a_job(applied, programs, free_port, tmp_path):
    deployed, outputs = applied
    follows_a_job(deployed, programs, free_port, tmp_path, outputs["client_toml"], json.loads(outputs["follower_policy"]))


def test_the_roles_have_exactly_the_permissions_of_the_policy_files(applied):
    deployed, _ = applied
    repositories = f"arn:aws:ecr:{HERE}:repository"
    more = {
        "repository_arns": [f"{repositories}/{name}" for name in ("team/app", "team/base", "teams/*", "slipway-layers")],
        "secret_arns": [f"arn:aws:secretsmanager:{HERE}:secret:{name}-??????" for name in ("dockerhub", "git/token")],
        "parameter_arns": [f"arn:aws:ssm:{HERE}:parameter/builds/*"],
        "connection_arns": [f"arn:aws:codeconnections:{HERE}:connection/11111111-2222-3333-4444-555555555555"],
        "source_bucket_arns": ["arn:aws:s3:::acme-sources"],
        "image_repository_arn": [f"{repositories}/slipway"],
        "tokens_secret_arn": [COMPLETE["tokens_secret_arn"]],
    }
    known = places("slipway") | more
    task = deployed.task()
    assert deployed.allowed(task["taskRoleArn"]) == expected("policy.json", known, login=False)
    assert deployed.allowed(task["executionRoleArn"]) == expected("policy-execution.json", known, login=True)
    assert deployed.allowed(deployed.project()["serviceRole"]) == expected("policy-build.json", known, login=True)
    trusts_are_narrow(deployed, deployed.project()["serviceRole"])


def test_the_configuration_has_the_values_of_the_inputs(applied):
    _, outputs = applied
    config = tomllib.loads(outputs["slipway_toml"])
    assert config["limits"] == {"running": 40, "per_tenant": 10, "waiting_bytes": "128MiB"}
    assert config["retry"]["pause"] == "30s"
    profile = config["profiles"]["default"]
    assert profile["sources"] == ["https://github.com/acme/*", "https://git.example.com/*", "s3://acme-sources/*"]
    assert [variable["name"] for variable in profile["env"]] == [
        "SLIPWAY_DOCKERHUB_USERNAME",
        "SLIPWAY_DOCKERHUB_PASSWORD",
        "SLIPWAY_CACHE",
    ]
    assert profile["parameters"] == ["/builds/{tenant}/*"] and profile["revisions"] == ["HEAD", "main", "release/*"]
    nightly = config["profiles"]["nightly"]
    assert {key: nightly[key] for key in ("tenants", "timeout_minutes")} == {"tenants": ["nightly"], "timeout_minutes": 480}
    assert [nightly[key] for key in ("project", "registry", "log_group", "env")] == [
        profile[key] for key in ("project", "registry", "log_group", "env")
    ]
    assert [host["host"] for host in config["hosts"]] == ["github.com", "git.example.com"]
    answer = slipway("check", variables=environment(SLIPWAY_CONFIG_TOML=outputs["slipway_toml"]))
    assert answer.returncode == 0, answer.stderr


def test_the_project_and_its_events_are_deployed_as_needed(applied):
    deployed, _ = applied
    project_is_right(deployed.project())
    events_are_right(deployed)


def test_only_tls_and_named_accounts_are_accepted(applied):
    deployed, _ = applied
    only_tls_and_named_accounts_are_accepted(deployed, ["arn:aws:iam::111122223333:role/ci"], ["arn:aws:iam::111122223333:root"])


def test_a_second_plan_changes_nothing(applied, terraform, ministack):
    variables = [f"-var={name}={value}" for name, value in COMPLETE.items()]
    lines = terraform.right("examples/complete", "plan", "-json", *variables, cloud=ministack).splitlines()
    changes = [line["change"] for line in map(json.loads, lines) if line["type"] == "planned_change"]
    assert {change["action"] for change in changes} <= {"update"}
    assert {change["resource"]["resource_type"] for change in changes} <= FORGOTTEN
