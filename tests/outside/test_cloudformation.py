"""deploy/cloudformation.yaml: checked by other projects' checkers, deployed completely by the AWS CLI, and used by a daemon."""

import subprocess
import tomllib

import pytest
import yaml

from deployed_daemon import api_needs_tokens, builds_a_job, denied_call_raises_an_alarm, tokens
from deployment import (
    BUILDSPEC,
    Deployed,
    Loose,
    events_are_right,
    ministack,
    only_tls_and_named_accounts_are_accepted,
    project_is_right,
    trusts_are_narrow,
)
from policy import ACCOUNT, DEPLOY, REGION, expected, places
from program import SCRIPTS, environment, slipway
from scan import nothing_insecure

__all__ = ["ministack"]

TEMPLATE = DEPLOY / "cloudformation.yaml"
HERE = f"{REGION}:{ACCOUNT}"
REPOSITORIES = f"arn:aws:ecr:{HERE}:repository"
# The place of the buildspec in the template: after this key, and indented by this.
KEY, DEPTH = "        BuildSpec: |\n", " " * 10

COMPLETE = {
    "Name": "whole",
    "Sources": "https://github.com/acme/*,s3://acme-sources/*",
    "Running": "40",
    "PerTenant": "10",
    "Repository": "team/app",
    "RepositoryPattern": "teams/*",
    "LayerCache": "true",
    "BaseRepositoryArns": f"{REPOSITORIES}/base,{REPOSITORIES}/other",
    "SecretArns": f"arn:aws:secretsmanager:{HERE}:secret:a,arn:aws:secretsmanager:{HERE}:secret:b",
    "ParameterArns": f"arn:aws:ssm:{HERE}:parameter/builds/*",
    "ConnectionArns": f"arn:aws:codeconnections:{HERE}:connection/1",
    "SourceBucket": "acme-sources",
    "Image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/slipway:1",
    "ImageRepositoryArn": f"{REPOSITORIES}/slipway",
    "SubnetIds": "subnet-12345678,subnet-23456789",
    "SecurityGroupIds": "sg-12345678",
    "Listen": "0.0.0.0:9090",
    "SenderArns": "arn:aws:iam::111122223333:role/ci,arn:aws:iam::111122223333:user/dev",
    "SubscriberArns": "arn:aws:iam::444455556666:root",
    "MoreLimits": 'waiting_bytes = "128MiB"',
    "MoreProfile": 'secrets = ["{tenant}/*"]\nrevisions = ["HEAD", "main"]\nimages_buildspec = "project"',
    "AlarmTopicArn": f"arn:aws:sns:{HERE}:alarms",
    "MoreConfig": '[retry]\nattempts = 2\npause = "30s"\n\n[[hosts]]\nhost = "git.example.com"\ntype = "NO_SOURCE"\n',
}


def with_buildspec(template, buildspec):
    """The template with this buildspec in it."""
    before, rest = template.split(KEY)
    lines = rest.splitlines(keepends=True)
    end = next(at for at, line in enumerate(lines) if line.strip() and not line.startswith(DEPTH))
    inside = "".join(DEPTH + line if line.strip() else line for line in buildspec.splitlines(keepends=True))
    return f"{before}{KEY}{inside}\n{''.join(lines[end:])}"


def test_the_buildspec_is_the_central_one():
    text = TEMPLATE.read_text()
    assert with_buildspec(text, BUILDSPEC) == text, "run this file as a program"


def test_the_linter_finds_nothing():
    answer = subprocess.run([SCRIPTS / "cfn-lint", TEMPLATE], capture_output=True, text=True, timeout=60, check=False)
    assert (answer.returncode, answer.stdout + answer.stderr) == (0, "")


def test_only_excused_settings_are_found_insecure():
    nothing_insecure("cloudformation")


@pytest.fixture(scope="module")
def deploy(ministack):
    """A function that deploys the template like its header says. Returns the resources and the stack's outputs."""
    ministack.client("s3").create_bucket(Bucket="templates")
    formation = ministack.client("cloudformation")

    def run(**parameters):
        name = parameters["Name"]
        overrides = [f"{key}={value}" for key, value in parameters.items()]
        command = [SCRIPTS / "aws", "--endpoint-url", ministack.url, "cloudformation", "deploy", "--stack-name", name]
        command += ["--template-file", TEMPLATE, "--capabilities", "CAPABILITY_IAM", "--s3-bucket", "templates"]
        command += ["--parameter-overrides", *overrides]
        answer = subprocess.run(command, env=environment(ministack.url, **ministack.trust), capture_output=True, text=True, timeout=120, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr
        [stack] = formation.describe_stacks(StackName=name)["Stacks"]
        assert stack["StackStatus"] == "CREATE_COMPLETE"
        return Deployed(ministack, name), {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    return run


@pytest.fixture(scope="module")
def whole(deploy, ministack):
    return deploy(**COMPLETE, TokensSecretArn=tokens(ministack))


def test_every_resource_of_the_template_is_created(whole):
    deployed, _ = whole
    resources = deployed.cloud.client("cloudformation").describe_stack_resources(StackName="whole")["StackResources"]
    template = yaml.load(TEMPLATE.read_text(), Loader=Loose)
    assert {resource["LogicalResourceId"] for resource in resources} == set(template["Resources"])


def test_the_deployed_daemon_builds_a_job_and_publishes_its_end(whole, programs, free_port):
    deployed, outputs = whole
    builds_a_job(deployed, programs, free_port)
    assert deployed.environment()["SLIPWAY_CONFIG_TOML"] == outputs["SlipwayToml"]


def test_the_roles_have_exactly_the_permissions_of_the_policy_files(whole):
    deployed, outputs = whole
    images = [f"{REPOSITORIES}/{name}" for name in ("team/app", "teams/*", "whole-layers")]
    more = {
        "repository_arns": images,
        "base_repository_arns": COMPLETE["BaseRepositoryArns"].split(","),
        "secret_arns": COMPLETE["SecretArns"].split(","),
        "parameter_arns": [COMPLETE["ParameterArns"]],
        "connection_arns": [COMPLETE["ConnectionArns"]],
        "source_bucket_arns": ["arn:aws:s3:::acme-sources"],
        "image_repository_arn": [COMPLETE["ImageRepositoryArn"]],
        "tokens_secret_arn": [deployed.cloud.client("secretsmanager").describe_secret(SecretId="slipway/tokens")["ARN"]],
    }
    known = places("whole") | more
    task = deployed.task()
    assert deployed.allowed(task["taskRoleArn"]) == expected("policy.json", known, login=False)
    assert deployed.allowed(task["executionRoleArn"]) == expected("policy-execution.json", known, login=True)
    assert deployed.allowed(outputs["BuildRoleArn"]) == expected("policy-build.json", known, login=True)


def test_the_roles_trust_only_their_own_service(whole):
    deployed, outputs = whole
    trusts_are_narrow(deployed, outputs["BuildRoleArn"])


def test_the_configuration_has_the_values_of_the_parameters(whole):
    _, outputs = whole
    config = tomllib.loads(outputs["SlipwayToml"])
    assert config["limits"] == {"running": 40, "per_tenant": 10, "waiting_bytes": "128MiB"}
    profile = config["profiles"]["default"]
    assert profile["sources"] == COMPLETE["Sources"].split(",")
    assert profile["registry"] == f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"
    assert profile["env"] == [{"name": "SLIPWAY_CACHE", "value": f"{profile['registry']}/whole-layers"}]
    assert profile["secrets"] == ["{tenant}/*"] and profile["revisions"] == ["HEAD", "main"]
    assert profile["images_buildspec"] == "project"
    assert config["retry"] == {"attempts": 2, "pause": "30s"} and config["hosts"][0]["host"] == "git.example.com"
    answer = slipway("check", variables=environment(SLIPWAY_CONFIG_TOML=outputs["SlipwayToml"]))
    assert answer.returncode == 0, answer.stderr


def test_only_tls_and_named_accounts_are_accepted(whole):
    deployed, _ = whole
    only_tls_and_named_accounts_are_accepted(deployed, COMPLETE["SenderArns"].split(","), [COMPLETE["SubscriberArns"]])


def test_a_denied_call_raises_an_alarm(whole, programs, free_port):
    deployed, _ = whole
    filters = deployed.cloud.logs.describe_metric_filters(logGroupName="/slipway/whole")["metricFilters"]
    patterns = {filter["filterName"].removeprefix("whole-"): filter["filterPattern"] for filter in filters}
    denied_call_raises_an_alarm(deployed, programs, free_port, patterns)


def test_the_api_accepts_the_tokens_of_the_secret(whole, programs, free_port):
    deployed, _ = whole
    api_needs_tokens(deployed, programs, free_port)


def test_without_tokens_the_api_is_only_on_the_loopback(whole, deploy):
    cluster = f"arn:aws:ecs:{HERE}:cluster/whole"
    network = {key: COMPLETE[key] for key in ("SubnetIds", "SecurityGroupIds")}
    for name, listen, api in (("loopback", "127.0.0.1:9090", "true"), ("beyond", "0.0.0.0:9090", "false")):
        deployed, _ = deploy(
            Name=name, Sources="https://github.com/acme/*", Image="ghcr.io/acme/slipway:1", ClusterArn=cluster, Listen=listen, **network
        )
        task = deployed.cloud.client("ecs").describe_task_definition(taskDefinition=name)["taskDefinition"]
        [container] = task["containerDefinitions"]
        variables = {variable["name"]: variable["value"] for variable in container["environment"]}
        assert variables["SLIPWAY__HTTP__API"] == api and not container.get("secrets")
        assert not any(variable.startswith("SLIPWAY__HTTP__TOKENS") for variable in variables)
        assert not any(action.startswith("secretsmanager:") for action, _ in deployed.allowed(task["executionRoleArn"]))
        answer = slipway("check", variables=environment(**variables))
        assert answer.returncode == 0, answer.stderr


def test_the_project_and_its_events_are_deployed_as_needed(whole):
    deployed, _ = whole
    project_is_right(deployed.project())
    events_are_right(deployed)


def test_the_smallest_deployment_has_no_daemon(deploy):
    deployed, outputs = deploy(Name="least", Sources="https://github.com/acme/*")
    only_tls_and_named_accounts_are_accepted(deployed, [], [])
    known = places("least")
    assert deployed.allowed(outputs["BuildRoleArn"]) == expected("policy-build.json", known, login=False)
    resources = deployed.cloud.client("cloudformation").describe_stack_resources(StackName="least")["StackResources"]
    kinds = {resource["ResourceType"] for resource in resources}
    assert "AWS::CodeBuild::Project" in kinds and not any(kind.startswith("AWS::ECS::") for kind in kinds)
    answer = slipway("check", variables=environment(SLIPWAY_CONFIG_TOML=outputs["SlipwayToml"]))
    assert answer.returncode == 0, answer.stderr
    assert "registry" not in tomllib.loads(outputs["SlipwayToml"])["profiles"]["default"]


if __name__ == "__main__":
    TEMPLATE.write_text(with_buildspec(TEMPLATE.read_text(), BUILDSPEC))
