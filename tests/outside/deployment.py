"""Shared by the tests of the deployments: an emulator that checks permissions, and access to what was deployed."""

import json
import re
import socket

import pytest
import yaml
from botocore.exceptions import ClientError

from checker import there
from cloud import Cloud
from policy import ACCOUNT, DEPLOY, REGION, emulated, pairs
from program import SCRIPTS, environment
from waiting import until

MINISTACK = SCRIPTS.parent / "ministack/bin/ministack"
BUILDSPEC = (DEPLOY / "buildspec.yml").read_text()


@pytest.fixture(scope="module")
def ministack(programs, free_port, certificates):
    """An empty ministack, which checks the permissions of all callers but the first. It uses TLS, because the queues and the topic demand
    it."""
    there(MINISTACK, "tests/prepare installs it, from tests/outside/requirements-ministack.txt")
    port = str(free_port())
    tls = {"USE_SSL": "1", "MINISTACK_SSL_CERT": str(certificates / "server.pem"), "MINISTACK_SSL_KEY": str(certificates / "server.key")}
    address = {"BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "GATEWAY_PORT": port}
    program = programs("ministack", [MINISTACK], environment(AUTH="true", PYTHONUNBUFFERED="1", **address, **tls))
    authority = str(certificates / "authority.pem")
    cloud = Cloud(f"https://127.0.0.1:{port}", authority)
    # The variables that make a program trust it, for AWS's own tools, the Terraform provider and the daemon.
    cloud.trust = {"AWS_CA_BUNDLE": authority, "SSL_CERT_FILE": authority}
    until(lambda: listens(int(port)), "ministack's answer")
    yield cloud
    program.end()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Loose(yaml.SafeLoader):
    """Reads CloudFormation's tags, such as !Ref, as the values that follow them."""


Loose.add_multi_constructor("!", lambda loader, tag, node: getattr(loader, f"construct_{node.id}")(node))


def with_ecs_names(response_dict, **_):
    """A task definition in ECS's names. The emulator keeps a template's secrets under CloudFormation's names, which boto3 does not know."""
    response_dict["body"] = response_dict["body"].replace(b'"Name"', b'"name"').replace(b'"ValueFrom"', b'"valueFrom"')


class Deployed:
    """The resources of a deployment."""

    def __init__(self, cloud, name):
        self.cloud, self.name = cloud, name
        self._iam, self._ecs, self._events = cloud.client("iam"), cloud.client("ecs"), cloud.client("events")
        self._ecs.meta.events.register("before-parse.ecs.DescribeTaskDefinition", with_ecs_names)

    def project(self):
        [project] = self.cloud.codebuild.batch_get_projects(names=[self.name])["projects"]
        return project

    def task(self):
        """The task definition of the daemon's service."""
        [service] = self._ecs.describe_services(cluster=self.name, services=[self.name])["services"]
        return self._ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]

    def environment(self):
        """The variables of the daemon's container, with the secrets that ECS reads for it."""
        [container] = self.task()["containerDefinitions"]
        plain = {variable["name"]: variable["value"] for variable in container["environment"]}
        return plain | {secret["name"]: self.secret(secret["valueFrom"]) for secret in container.get("secrets", [])}

    def secret(self, value_from):
        """The value that ECS reads for `ARN:KEY::`."""
        arn, key = re.fullmatch(r"(arn:aws:secretsmanager:\S+?:secret:[^:]+):(\w+)::", value_from).groups()
        return json.loads(self.cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])[key]

    def allowed(self, role_arn):
        """The permissions of a role, by its own and its attached policies."""
        role = role_arn.rsplit("/", 1)[1]
        allowed = set()
        for name in self._iam.list_role_policies(RoleName=role)["PolicyNames"]:
            allowed |= pairs(self._iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"])
        for attached in self._iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            policy = self._iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
            version = self._iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
            allowed |= pairs(version["PolicyVersion"]["Document"])
        return allowed

    def trusts(self, role_arn):
        """Who may assume a role: the service, and the condition."""
        role = self._iam.get_role(RoleName=role_arn.rsplit("/", 1)[1])["Role"]
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        return statement["Principal"], statement["Condition"]

    def keys(self, without=None):
        """Keys of a user with the permissions of the daemon's role, except for one action. Only ECS can assume the role itself."""
        role = self.task()["taskRoleArn"]
        user = f"{self.name}-as-the-daemon-{(without or 'whole').rsplit(':')[-1]}"
        self._iam.create_user(UserName=user)
        if without:
            policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": without, "Resource": "*"}]}
            self._iam.put_user_policy(UserName=user, PolicyName="denied", PolicyDocument=json.dumps(policy))
        for attached in self._iam.list_attached_role_policies(RoleName=role.rsplit("/", 1)[1])["AttachedPolicies"]:
            self._iam.attach_user_policy(UserName=user, PolicyArn=attached["PolicyArn"])
        policy = {"Version": "2012-10-17", "Statement": emulated(self.allowed(role))}
        self._iam.put_user_policy(UserName=user, PolicyName="emulated", PolicyDocument=json.dumps(policy))
        key = self._iam.create_access_key(UserName=user)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def keys_for(self, policy):
        """Keys of a user with the permissions of a policy."""
        user = f"{self.name}-by-a-policy"
        self._iam.create_user(UserName=user)
        self._iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy))
        more = {"Version": "2012-10-17", "Statement": emulated(pairs(policy))}
        self._iam.put_user_policy(UserName=user, PolicyName="emulated", PolicyDocument=json.dumps(more))
        key = self._iam.create_access_key(UserName=user)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def event_target(self):
        """The queue to which EventBridge sends the ends of builds, and the projects of these builds."""
        [rule] = self._events.list_rules(NamePrefix=self.name)["Rules"]
        [target] = self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        return target["Arn"], json.loads(rule["EventPattern"])


def trusts_are_narrow(deployed, build_role):
    """CodeBuild may assume the builds' role only for the one project, and ECS the daemon's role only for this account."""
    project = {"ArnEquals": {"aws:SourceArn": f"arn:aws:codebuild:{REGION}:{ACCOUNT}:project/{deployed.name}"}}
    assert deployed.trusts(build_role) == ({"Service": "codebuild.amazonaws.com"}, project)
    account = {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:ecs:{REGION}:{ACCOUNT}:*"},
    }
    task = deployed.task()
    for role in (task["taskRoleArn"], task["executionRoleArn"]):
        assert deployed.trusts(role) == ({"Service": "ecs-tasks.amazonaws.com"}, account)


def project_is_right(project):
    """The project is a placeholder with the central buildspec. Every build overrides its inputs."""
    source, machine = project["source"], project["environment"]
    assert project["artifacts"]["type"] == "NO_ARTIFACTS" and machine["privilegedMode"] is True
    assert (source["type"], source["gitCloneDepth"]) == ("GITHUB", 1)
    assert source["buildspec"] == BUILDSPEC


def state_change(project):
    """The event that EventBridge sends for the end of a build."""
    build = f"arn:aws:codebuild:{REGION}:{ACCOUNT}:build/{project}:11111111-2222-3333-4444-555555555555"
    return {
        "version": "0",
        "id": "1",
        "account": ACCOUNT,
        "region": REGION,
        "time": "2026-11-22T10:00:00Z",
        "resources": [build],
        "source": "aws.codebuild",
        "detail-type": "CodeBuild Build State Change",
        "detail": {"project-name": project, "build-id": build, "build-status": "SUCCEEDED"},
    }


def events_are_right(deployed):
    """The queue gets the events of the project's builds and of no others, and accepts messages from no other sender."""
    queue, pattern = deployed.event_target()
    assert queue == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{deployed.name}-build-events"
    events = deployed.cloud.client("events")
    for project, is_sent in ((deployed.name, True), ("another", False)):
        event = json.dumps(state_change(project))
        assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=event)["Result"] is is_sent
    url = deployed.cloud.queue_url(f"{deployed.name}-build-events")
    policy = deployed.cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    [statement] = [statement for statement in json.loads(policy)["Statement"] if statement["Effect"] == "Allow"]
    assert (statement["Principal"], statement["Action"], statement["Resource"]) == (
        {"Service": "events.amazonaws.com"},
        "sqs:SendMessage",
        queue,
    )
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"].endswith(f":rule/{deployed.name}-build-events")


def over_http(client):
    """Tells the emulator that a client's calls came over plain http, like a proxy would."""
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "http"))
    return client


def only_tls_and_named_accounts_are_accepted(deployed, senders, subscribers):
    """Over plain http nobody can use the queues and the topic, not even the account itself. The named other accounts may use them by
    TLS."""
    cloud, name = deployed.cloud, deployed.name
    topic = f"arn:aws:sns:{REGION}:{ACCOUNT}:{name}-events"
    policies = {"events": cloud.sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]}
    sqs, sns = over_http(cloud.client("sqs")), over_http(cloud.client("sns"))
    for queue in ("jobs", "jobs-dlq", "build-events"):
        url = cloud.queue_url(f"{name}-{queue}")
        policies[queue] = cloud.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]["Policy"]
        denied(lambda url=url: sqs.send_message(QueueUrl=url, MessageBody="in clear"))
        denied(lambda url=url: sqs.receive_message(QueueUrl=url))
        denied(lambda url=url: sqs.get_queue_attributes(QueueUrl=url))
    denied(lambda: sns.publish(TopicArn=topic, Message="in clear"))
    denied(lambda: sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}-jobs"))
    for what, policy in policies.items():
        by_effect = {statement["Sid"]: statement for statement in json.loads(policy)["Statement"]}
        every = by_effect.pop("OnlyByTls")
        assert (every["Effect"], every["Principal"]) == ("Deny", "*")
        allowed = [(each["Action"], each["Principal"]) for sid, each in by_effect.items() if sid != "OnlyTheRule"]
        named, action = {"jobs": (senders, "sqs:SendMessage"), "events": (subscribers, "sns:Subscribe")}.get(what, ([], None))
        assert allowed == ([(action, {"AWS": named})] if named else []), what


def denied(call):
    with pytest.raises(ClientError) as error:
        call()
    assert "denied" in str(error.value) or "not authorized" in str(error.value)
