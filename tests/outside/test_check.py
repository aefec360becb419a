"""`slipway check --online`: whether AWS has what the configuration names."""

from conftest import daemon_config
from program import environment, slipway


def test_check_finds_what_aws_lacks_of_the_configuration(endpoint, tmp_path):
    file = tmp_path / "slipway.toml"

    def check(config):
        file.write_text(config)
        return slipway("check", "--config", file, "--online", variables=environment(endpoint.cloud.url))

    def rows(answer, mark):
        return [line for line in answer.stdout.splitlines() if line.startswith(f"  {mark} ")]

    config = daemon_config(endpoint.address)
    good = check(config)
    assert (good.returncode, rows(good, "WRONG"), rows(good, "warning"), rows(good, "-")) == (0, [], [], []), good.stdout
    first, *others = rows(good, "ok")
    assert "arn:aws:iam::000000000000:root, account 000000000000, region us-east-1" in first
    asked = ["sqs:GetQueueAttributes on arn:aws:sqs:us-east-1:000000000000:slipway-jobs:", "sns:GetTopicAttributes", "logs:DescribeLogGroups"]
    asked += ["codebuild:BatchGetProjects on arn:aws:codebuild:us-east-1:000000000000:project/slipway"]
    assert [what for what in asked if not any(what in row for row in others)] == []
    # Each row says what was checked at which ARN.
    assert [row for row in others if " on arn:aws:" not in row] == []

    # A check that depends on something missing is not reported as passed.
    bad = check(config.replace("/slipway-jobs\"", "/gone\"").replace('project = "slipway"', 'project = "nobodys"'))
    assert bad.returncode == 1
    queue, project = rows(bad, "WRONG")
    assert "no queue gone for the caller in region us-east-1, account 000000000000" in queue
    assert "there is no project nobodys in region us-east-1, account 000000000000" in project
    assert [row for row in rows(bad, "ok") if "/gone" in row or "nobodys" in row] == [] and len(rows(bad, "-")) == 2
    assert [row for row in [queue, project, *rows(bad, "-")] if " on arn:aws:" not in row] == []

    # A jobs queue that is subscribed to the topic gets the daemon's own events.
    topic, queue = "arn:aws:sns:us-east-1:000000000000:slipway-events", "arn:aws:sqs:us-east-1:000000000000:slipway-jobs"
    assert any("no jobs queue is subscribed to it" in row for row in others)
    subscription = endpoint.cloud.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True)["SubscriptionArn"]
    [own] = rows(check(config), "warning")
    assert f"sns:ListSubscriptionsByTopic on {topic}: the jobs queue {queue} is subscribed to it" in own and own.endswith("remove this subscription")
    endpoint.cloud.sns.unsubscribe(SubscriptionArn=subscription)

    # A warning does not fail the check, except with --strict.
    endpoint.cloud.sqs.create_queue(QueueName="plain", Attributes={"MessageRetentionPeriod": "600"})
    plain = config.replace("/slipway-jobs\"", "/plain\"").replace("profiles.default]", "profiles.small]\nlog_group = \"/elsewhere\"")
    warned = check(plain)
    assert warned.returncode == 0 and rows(warned, "WRONG") == [], warned.stdout
    words = ["no profile `default`", "no dead-letter queue", "MessageRetentionPeriod is 600 s", "there is no log group /elsewhere"]
    assert [word for word in words if not any(word in row for row in rows(warned, "warning"))] == []
    assert [row for row in rows(warned, "warning") if " on arn:aws:" not in row and "profiles = " not in row] == []
    strict = slipway("check", "--config", file, "--online", "--strict", variables=environment(endpoint.cloud.url))
    assert strict.returncode == 1

    # Another region works with a custom endpoint, so it is only a warning.
    file.write_text(config.replace("http://" + endpoint.address, "https://sqs.eu-west-1.amazonaws.com").replace(":us-east-1:", ":eu-west-1:"))
    for options, code in [([], 0), (["--strict"], 1)]:
        elsewhere = slipway("check", "--config", file, *options, variables=environment(endpoint.cloud.url))
        [row] = rows(elsewhere, "warning")
        assert (elsewhere.returncode, rows(elsewhere, "WRONG")) == (code, []), elsewhere.stdout
        assert "AWS_REGION = us-east-1: the queues and the topic are in eu-west-1" in row and row.endswith("set AWS_REGION=eu-west-1")
