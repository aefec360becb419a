"""The permissions of a policy, and those that the deployments' policies should have."""

import json
import re

from program import ROOT

DEPLOY = ROOT / "deploy"
ACCOUNT = "000000000000"
REGION = "us-east-1"

# For these the emulator does not know the project of a build or the stream of a log, and checks them against all resources.
UNSCOPED = ["codebuild:BatchGetBuilds", "codebuild:StopBuild", "logs:GetLogEvents"]


def pairs(policy):
    """Every action on every resource that a policy allows."""
    allowed = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        allowed |= {(action, resource) for action in statement["Action"] for resource in statement["Resource"]}
    return allowed


def expected(file, places, login):
    """The permissions of a policy file whose placeholders stand for these lists of ARNs. An empty list allows nothing."""
    allowed = set()
    for action, resource in pairs(json.loads((DEPLOY / file).read_text())):
        if resource == "*":
            allowed |= {(action, "*")} if login else set()
        else:
            name, rest = re.fullmatch(r"\$\{(\w+)\}(.*)", resource).groups()
            allowed |= {(action, arn + rest) for arn in places[name]}
    return allowed


def places(name):
    """The names of a deployment's resources, by the placeholders of the policies."""
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
    """The permissions that the emulator needs besides: it checks batch operations under names that AWS's policies do not have."""
    batches = [(f"{action}Batch", resource) for action, resource in allowed if action.startswith(("sqs:", "sns:"))]
    unscoped = [(action, "*") for action, _ in allowed if action in UNSCOPED]
    return [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in batches + unscoped]
