"""What the tests of the deployments share: an emulator that checks permissions, a look at what was deployed, and the daemon run as it
would be there."""

import functools
import json
import re
import signal
import socket
import urllib.error
import urllib.request

import pytest
import yaml
from botocore.exceptions import ClientError

from checker import run, there
from cloud import Cloud, Subscriber, get, job
from program import ROOT, SCRIPTS, SLIPWAY, environment, slipway
from waiting import until

DEPLOY = ROOT / "deploy"
MINISTACK = SCRIPTS.parent / "ministack/bin/ministack"
ACCOUNT = "000000000000"
REGION = "us-east-1"
BUILDSPEC = (DEPLOY / "buildspec.yml").read_text()

TOKENS = {"read": "read-0123456789abcdef", "steer": "steer-0123456789abcdef"}

# For these the emulator does not tell the project of a build, or the stream of a log: it asks for them on everything.
UNSCOPED = ["codebuild:BatchGetBuilds", "codebuild:StopBuild", "logs:GetLogEvents"]


@pytest.fixture(scope="module")
def ministack(programs, free_port, certificates):
    """ministack with nothing in it, which holds every caller but the first to its permissions. By TLS, for queues and topic ask for it."""
    there(MINISTACK, "tests/run installs it, from tests/outside/requirements-ministack.txt")
    port = str(free_port())
    tls = {"USE_SSL": "1", "MINISTACK_SSL_CERT": str(certificates / "server.pem"), "MINISTACK_SSL_KEY": str(certificates / "server.key")}
    address = {"BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "GATEWAY_PORT": port}
    program = programs("ministack", [MINISTACK], environment(AUTH="true", PYTHONUNBUFFERED="1", **address, **tls))
    authority = str(certificates / "authority.pem")
    cloud = Cloud(f"https://127.0.0.1:{port}", authority)
    # What a program's environment needs to trust it: AWS's own tools, the Terraform provider and the daemon.
    cloud.trust = {"AWS_CA_BUNDLE": authority, "SSL_CERT_FILE": authority}
    until(lambda: listens(int(port)), "ministack's answer")
    yield cloud
    program.end()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Loose(yaml.SafeLoader):
    """Reads the tags of CloudFormation, !Ref and the like, as what they stand before."""


Loose.add_multi_constructor("!", lambda loader, tag, node: getattr(loader, f"construct_{node.id}")(node))


@functools.cache
def reports():
    """What checkov, which downloads nothing here, says of Terraform and of CloudFormation: one run, for its start takes longest."""
    answer = run("checkov", "--directory", DEPLOY, "--framework", "terraform", "cloudformation", "--skip-download", "-o", "json")
    return {report["check_type"]: report for report in json.loads(answer.stdout)}


def nothing_insecure(framework):
    """Nothing is found but what is excused in its place, and everything could be read."""
    report = reports()[framework]
    found = [f"{check['check_id']} {check['resource']}: {check['check_name']}" for check in report["results"]["failed_checks"]]
    summary = report["summary"]
    assert found == [] and summary["parsing_errors"] == 0 and summary["passed"] > 20
    unexcused = [check["resource"] for check in report["results"]["skipped_checks"] if not check["check_result"]["suppress_comment"].strip()]
    assert unexcused == []


def pairs(policy):
    """Every action on every resource that a policy allows."""
    allowed = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        allowed |= {(action, resource) for action in statement["Action"] for resource in statement["Resource"]}
    return allowed


def expected(file, places, login):
    """What a policy file allows where its placeholders stand for these lists of ARNs; what stands for nothing allows nothing."""
    allowed = set()
    for action, resource in pairs(json.loads((DEPLOY / file).read_text())):
        if resource == "*":
            allowed |= {(action, "*")} if login else set()
        else:
            name, rest = re.fullmatch(r"\$\{(\w+)\}(.*)", resource).groups()
            allowed |= {(action, arn + rest) for arn in places[name]}
    return allowed


def places(name):
    """What a deployment's own things are called, by the placeholders of the policies."""
    here = f"{REGION}:{ACCOUNT}"
    return {
        "jobs_queue_arn": [f"arn:aws:sqs:{here}:{name}-jobs"],
        "dead_letter_queue_arn": [f"arn:aws:sqs:{here}:{name}-jobs-dlq"],
        "build_events_queue_arn": [f"arn:aws:sqs:{here}:{name}-build-events"],
        "topic_arn": [f"arn:aws:sns:{here}:{name}-events"],
        "project_arn": [f"arn:aws:codebuild:{here}:project/{name}"],
        "build_log_group_arn": [f"arn:aws:logs:{here}:log-group:/aws/codebuild/{name}"],
        "daemon_log_group_arn": [f"arn:aws:logs:{here}:log-group:/slipway/{name}"],
        "image_repository_arn": [],
        "tokens_secret_arn": [],
        "repository_arns": [],
        "base_repository_arns": [],
        "secret_arns": [],
        "parameter_arns": [],
        "connection_arns": [],
        "source_bucket_arns": [],
    }


def emulated(allowed):
    """What the emulator wants besides, of what is allowed: it asks for batches by names of their own, which AWS's policies do not have."""
    batches = [(f"{action}Batch", resource) for action, resource in allowed if action.startswith(("sqs:", "sns:"))]
    unscoped = [(action, "*") for action, _ in allowed if action in UNSCOPED]
    return [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in batches + unscoped]


def in_ecs_words(response_dict, **_):
    """A task definition as ECS tells it: the emulator keeps secrets of a template under CloudFormation's names, which boto3 does not know."""
    response_dict["body"] = response_dict["body"].replace(b'"Name"', b'"name"').replace(b'"ValueFrom"', b'"valueFrom"')


class Deployed:
    """What stands in the cloud under a deployment's name."""

    def __init__(self, cloud, name):
        self.cloud, self.name = cloud, name
        self._iam, self._ecs, self._events = cloud.client("iam"), cloud.client("ecs"), cloud.client("events")
        self._ecs.meta.events.register("before-parse.ecs.DescribeTaskDefinition", in_ecs_words)

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
        """What ECS reads for `ARN:KEY::`."""
        arn, key = re.fullmatch(r"(arn:aws:secretsmanager:\S+?:secret:[^:]+):(\w+)::", value_from).groups()
        return json.loads(self.cloud.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])[key]

    def allowed(self, role_arn):
        """What a role may do, by its own policies and those attached to it."""
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
        """Who may take on a role: the service, and the condition."""
        role = self._iam.get_role(RoleName=role_arn.rsplit("/", 1)[1])["Role"]
        [statement] = role["AssumeRolePolicyDocument"]["Statement"]
        return statement["Principal"], statement["Condition"]

    def keys(self, without=None):
        """Keys of a user who may do what the daemon's role may, but for one action. The role itself is for ECS alone to take on."""
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
        """Keys of a user who may do what a policy says."""
        user = f"{self.name}-by-a-policy"
        self._iam.create_user(UserName=user)
        self._iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=json.dumps(policy))
        more = {"Version": "2012-10-17", "Statement": emulated(pairs(policy))}
        self._iam.put_user_policy(UserName=user, PolicyName="emulated", PolicyDocument=json.dumps(more))
        key = self._iam.create_access_key(UserName=user)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def told_of(self):
        """The queue that EventBridge tells of a build's end, and of whose builds it tells."""
        [rule] = self._events.list_rules(NamePrefix=self.name)["Rules"]
        [target] = self._events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        return target["Arn"], json.loads(rule["EventPattern"])


def trusts_are_narrow(deployed, build_role):
    """CodeBuild may take on the builds' role for the one project, and ECS the daemon's for this account."""
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
    """A placeholder whose every input is overridden, with the central buildspec."""
    source, machine = project["source"], project["environment"]
    assert project["artifacts"]["type"] == "NO_ARTIFACTS" and machine["privilegedMode"] is True
    assert (source["type"], source["gitCloneDepth"]) == ("GITHUB", 1)
    assert source["buildspec"] == BUILDSPEC


def state_change(project):
    """What EventBridge tells of a build's end."""
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
    """A build of the project, and no other, is told of on the queue; and the queue takes it from nobody else."""
    queue, pattern = deployed.told_of()
    assert queue == f"arn:aws:sqs:{REGION}:{ACCOUNT}:{deployed.name}-build-events"
    events = deployed.cloud.client("events")
    for project, told in ((deployed.name, True), ("another", False)):
        event = json.dumps(state_change(project))
        assert events.test_event_pattern(EventPattern=json.dumps(pattern), Event=event)["Result"] is told
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
    """Tells the emulator that a client's calls have come to it over plain http, as a proxy would."""
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("X-Forwarded-Proto", "http"))
    return client


def only_tls_and_who_is_named_comes_in(deployed, senders, subscribers):
    """Over plain http nobody does anything with queues and topic, be it the account itself; and these of other accounts may come in."""
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


def denied_calls_are_alarmed(deployed, programs, free_port, patterns):
    """A daemon that may not start builds: its job ends as errored, and the lines of its log that say so are what the alarms count."""
    cloud, name = deployed.cloud, deployed.name
    subscribe(cloud, name)
    hurry = {"SLIPWAY__HTTP__LISTEN": f"127.0.0.1:{free_port()}", "SLIPWAY__QUEUES__0__WAIT": "1s", "SLIPWAY__RETRY__ATTEMPTS": "1"}
    keys = deployed.keys(without="codebuild:StartBuild")
    programs_own = environment(cloud.url, **deployed.environment() | hurry | keys | cloud.trust)
    daemon = programs("denied", [SLIPWAY, "run"], programs_own)
    cloud.send(job("denied-1", "https://github.com/acme/app"), f"{name}-jobs")
    finished = Subscriber(cloud, f"{name}-results").event("denied-1/finished")
    assert finished["data"]["status"] == "errored", daemon.log + json.dumps(finished)
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
    lines = [json.loads(line) for line in daemon.log.splitlines()]

    def counted(alarm):
        sentence = patterns[alarm].strip('"')
        return [line for line in lines if sentence in line["message"]]

    [line] = counted("calls-denied")
    assert line["operation"] == "codebuild.StartBuild"
    assert [line["status"] for line in counted("jobs-errored")] == ["errored"]


def subscribe(cloud, name):
    """A queue that gets the topic's messages as they are, and lets the topic in."""
    topic, queue = (f"arn:aws:{service}:{REGION}:{ACCOUNT}:{name}-{what}" for service, what in (("sns", "events"), ("sqs", "results")))
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    cloud.sqs.create_queue(QueueName=f"{name}-results", Attributes={"Policy": policy})
    cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes={"RawMessageDelivery": "true"})


def tokens(cloud):
    """A secret with tokens, as an operator makes it; its ARN."""
    return cloud.client("secretsmanager").create_secret(Name="slipway/tokens", SecretString=json.dumps(TOKENS))["ARN"]


def api_takes_tokens(deployed, programs, free_port):
    """With the variables and secrets of its task the daemon serves its API and page to whoever brings a token, and to nobody else."""
    variables = deployed.environment()
    assert variables["SLIPWAY__HTTP__LISTEN"] == "0.0.0.0:9090" and variables["SLIPWAY__HTTP__API"] == "true"
    answer = slipway("check", variables=environment(**variables))
    assert answer.returncode == 0, answer.stderr
    [container] = deployed.task()["containerDefinitions"]
    plain = json.dumps(container["environment"])
    assert not any(token in plain for token in TOKENS.values())
    http = f"127.0.0.1:{free_port()}"
    own = environment(deployed.cloud.url, **variables | {"SLIPWAY__HTTP__LISTEN": http} | deployed.keys("sqs:DeleteQueue") | deployed.cloud.trust)
    daemon = programs("guarded", [SLIPWAY, "run"], own)
    daemon.says(lambda _: get(f"http://{http}/readyz") == (200, "ready\n"), "it takes work")

    def asked(path, token=None, body=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://{http}{path}", body, headers), timeout=30) as found:
                return found.status
        except urllib.error.HTTPError as error:
            return error.code

    assert [asked(path) for path in ("/", "/api/v1/limits", "/metrics")] == [401, 401, 200]
    assert [asked(path, TOKENS["read"]) for path in ("/", "/api/v1/limits")] == [200, 200]
    body = json.dumps({"scope": {"tenant": "team-a"}}).encode()
    assert [asked("/api/v1/resume", token, body) for token in TOKENS.values()] == [403, 200]
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0


def carries_a_job(deployed, programs, free_port):
    """The daemon with the command, the variables and the permissions of its task: a job and a bad message go in, their ends come out."""
    cloud, name = deployed.cloud, deployed.name
    subscribe(cloud, name)
    [container] = deployed.task()["containerDefinitions"]
    http = f"127.0.0.1:{free_port()}"
    hurry = {
        "SLIPWAY__HTTP__LISTEN": http,
        "SLIPWAY__QUEUES__0__WAIT": "1s",
        "SLIPWAY__WATCH__INTERVAL": "200ms",
        "SLIPWAY__LOG__SETTLE": "0s",
    }
    settings = environment(cloud.url, **deployed.environment() | hurry | deployed.keys() | cloud.trust)
    daemon = programs("deployed", [SLIPWAY, *container["command"]], settings)
    daemon.says(lambda _: get(f"http://{http}/readyz") == (200, "ready\n"), "it takes work")
    assert slipway("healthcheck", variables=settings).returncode == 0
    cloud.send(job("app-1", "https://github.com/acme/app"), f"{name}-jobs")
    bad = cloud.send("{}", f"{name}-jobs")
    subscriber = Subscriber(cloud, f"{name}-results")
    finished = subscriber.event("app-1/finished")
    assert finished["data"]["status"] == "succeeded" and finished["data"]["build"]["project"] == name
    subscriber.event(f"{bad}/rejected")
    [buried] = until(lambda: cloud.take(cloud.queue_url(f"{name}-jobs-dlq")), "the bad message among the dead letters")
    assert buried["Body"] == "{}"
    until(lambda: cloud.counts(cloud.queue_url(f"{name}-jobs")) == (0, 0), "an empty queue")
    # Pushed events are received too, and nothing was denied.
    cloud.send(state_change(name), f"{name}-build-events")
    until(lambda: cloud.counts(cloud.queue_url(f"{name}-build-events")) == (0, 0), "no pushed event left")
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
    assert not re.search("denied|not authorized", daemon.log), daemon.log


def follows_a_job(deployed, programs, free_port, folder, client, policy):
    """A developer with the file for senders and the followers' policy, and nothing else, sends a job and hears how it ends."""
    hurry = {"SLIPWAY__HTTP__LISTEN": f"127.0.0.1:{free_port()}", "SLIPWAY__QUEUES__0__WAIT": "1s", "SLIPWAY__WATCH__INTERVAL": "200ms"}
    cloud = deployed.cloud
    # A user of its own, who may not do what the daemon never does.
    keys = deployed.keys(without="sqs:PurgeQueue")
    daemon = programs("followed", [SLIPWAY, "run"], environment(cloud.url, **deployed.environment() | hurry | keys | cloud.trust))
    file = folder / "client.toml"
    file.write_text(client)
    variables = environment(cloud.url, **deployed.keys_for(policy) | cloud.trust)
    submit = ["submit", "--client", file, "--url", "https://github.com/acme/app", "--id", "followed-1", "--follow"]
    answer = slipway(*submit, variables=variables)
    assert answer.returncode == 0 and "builds alone" not in answer.stderr, answer.stderr + daemon.log
    assert answer.stderr.endswith("followed-1 succeeded\n")
    # The emulator's builds do not show the variables that they were started with, so that only a build's id finds one.
    newest = cloud.codebuild.list_builds_for_project(projectName=deployed.name)["ids"][0]
    shown = slipway("logs", newest, "--client", file, variables=variables)
    assert shown.returncode == 0 and shown.stderr.endswith(f"build {newest} succeeded\n"), shown.stderr
    unknown = slipway("logs", "followed-1", "--client", file, variables=variables)
    assert "there is no build of followed-1 among the newest" in unknown.stderr, unknown.stderr
    left = [url for url in cloud.sqs.list_queues().get("QueueUrls", []) if "slipway-follow-" in url]
    assert left == []
    daemon.send(signal.SIGTERM)
    assert daemon.code() == 0
