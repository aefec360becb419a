"""The operator's profiles: their settings reach CodeBuild, and jobs that they do not allow are rejected."""

from cloud import job
from conftest import daemon_config

INLINE = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo by the operator for $PROXY\n"

PROFILE = """
tenants = ["web"]
registry = "registry.test/images"
platforms = ["linux/amd64", "linux/arm64"]
image = "aws/codebuild/standard:7.0"
compute_type = "BUILD_GENERAL1_MEDIUM"
privileged = true
timeout_minutes = 30
queued_timeout_minutes = 20
log_group = "/operator/builds"
buildspec_file = "central.yml"
images_buildspec = "project"

[profiles.default.arm]
image = "aws/codebuild/amazonlinux2-aarch64-standard:3.0"
environment_type = "ARM_CONTAINER"

[[profiles.default.env]]
name = "PROXY"
value = "the operator"

[[hosts]]
host = "127.0.0.1:1"
type = "GITLAB_SELF_MANAGED"
secret = "arn:aws:secretsmanager:us-east-1:000000000000:secret:git"
"""


def started(endpoint, start_daemon, tmp_path, config=PROFILE):
    (tmp_path / "central.yml").write_text(INLINE)
    text = daemon_config(endpoint.address).replace('sources = ["file:///*"]', 'sources = ["file:///*", "https://127.0.0.1:1/*"]')
    start_daemon(endpoint.cloud.url, text + config).is_ready()


def build_of(endpoint, event):
    return endpoint.cloud.codebuild.batch_get_builds(ids=[event["data"]["build"]["id"]])["builds"][0]


def test_the_settings_of_a_profile_reach_codebuild(endpoint, start_daemon, repository, tmp_path, unique):
    started(endpoint, start_daemon, tmp_path)
    env = [{"name": "PROXY", "value": "the sender"}, {"name": "LATER", "value": "last\n"}]
    endpoint.cloud.send(job(unique, repository(), tenant="web", env=env))
    event = endpoint.subscriber.event(f"{unique}/finished")
    assert event["data"]["status"] == "succeeded"
    assert "by the operator for the operator" in event["data"]["log"]["excerpt"], "neither the buildspec nor a variable comes from the sender"
    assert event["data"]["log"]["group"] == "/operator/builds"
    build = build_of(endpoint, event)
    environment = build["environment"]
    assert (environment["image"], environment["computeType"]) == ("aws/codebuild/standard:7.0", "BUILD_GENERAL1_MEDIUM")
    assert environment["privilegedMode"] is True
    variables = {variable["name"]: variable["value"] for variable in environment["environmentVariables"]}
    senders = {name: value for name, value in variables.items() if name.startswith("SLIPWAY_ENV")}
    assert senders == {"SLIPWAY_ENV": '["PROXY","LATER"]', "SLIPWAY_ENV_0": "the sender", "SLIPWAY_ENV_1": "last\n"}
    assert variables["PROXY"] == "the operator" and "LATER" not in variables
    assert (build["timeoutInMinutes"], build["queuedTimeoutInMinutes"]) == (30, 20)


def test_an_arm_image_is_built_in_the_arm_environment(endpoint, start_daemon, repository, tmp_path, unique):
    started(endpoint, start_daemon, tmp_path)
    endpoint.cloud.send(job(unique, repository(), tenant="web", images=[{"name": "app", "platform": "linux/arm64"}]))
    build = build_of(endpoint, endpoint.subscriber.event(f"{unique}/finished"))
    assert build["environment"]["type"] == "ARM_CONTAINER"
    assert build["environment"]["image"] == "aws/codebuild/amazonlinux2-aarch64-standard:3.0"


def test_the_operator_sets_the_type_and_credential_of_a_host(endpoint, start_daemon, tmp_path, unique):
    # Nothing listens there. The test is about the request to CodeBuild.
    started(endpoint, start_daemon, tmp_path)
    endpoint.cloud.send(job(unique, "https://127.0.0.1:1/acme/app", tenant="web"))
    build = build_of(endpoint, endpoint.subscriber.event(f"{unique}/1/started"))
    assert build["source"]["type"] == "GITLAB_SELF_MANAGED"
    assert build["source"]["auth"] == {"type": "SECRETS_MANAGER", "resource": "arn:aws:secretsmanager:us-east-1:000000000000:secret:git"}
    endpoint.cloud.codebuild.stop_build(id=build["id"])
    endpoint.subscriber.event(f"{unique}/finished")


def test_jobs_that_the_profile_does_not_allow_are_rejected(endpoint, start_daemon, repository, tmp_path, unique):
    started(endpoint, start_daemon, tmp_path)
    images = [{"name": "a", "platform": "linux/arm64"}, {"name": "b", "platform": "linux/amd64"}]
    endpoint.cloud.send(job(unique, repository(), tenant="strangers", images=images))
    problems = {problem["path"]: problem["problem"] for problem in endpoint.subscriber.event(f"{unique}/rejected")["data"]["problems"]}
    assert problems.keys() == {"/tenant", "/images"}
    assert "may use the profile" in problems["/tenant"] and "one platform" in problems["/images"]
