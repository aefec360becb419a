"""Builds with the central buildspec, started like the daemon starts them."""

import json

from program import ROOT
from waiting import until

FILE = ROOT / "deploy" / "buildspec.yml"
PROJECT = "central"


class Central:
    """A CodeBuild project whose buildspec is the central one, in an embedded endpoint."""

    def __init__(self, cloud, variables=()):
        self.cloud = cloud
        cloud.codebuild.create_project(
            name=PROJECT,
            source={"type": "GITHUB", "location": "https://github.com/slipway/placeholder", "buildspec": FILE.read_text()},
            artifacts={"type": "NO_ARTIFACTS"},
            environment={
                "type": "LINUX_CONTAINER",
                "image": "aws/codebuild/standard:7.0",
                "computeType": "BUILD_GENERAL1_SMALL",
                "privilegedMode": True,
                "environmentVariables": plain(dict(variables)),
            },
            serviceRole="arn:aws:iam::000000000000:role/builds",
        )

    def build(self, url=None, images=None, variables=None, secrets=None, seconds=120, env=()):
        """Builds a repository to its end; without a URL, what the variables say. `env`: the names of the job's variables, which come as
        data. `None`: they do not."""
        given = dict(variables or {})
        if env is not None:
            given["SLIPWAY_ENV"] = json.dumps(list(env))
        if images is not None:
            given["SLIPWAY_IMAGES"] = images if isinstance(images, str) else json.dumps(images)
        variables = plain(given) + [
            {"name": name, "value": value, "type": "SECRETS_MANAGER"} for name, value in (secrets or {}).items()
        ]
        if url:
            source = {"sourceTypeOverride": "GITHUB_ENTERPRISE", "sourceLocationOverride": url}
        else:
            source = {"sourceTypeOverride": "NO_SOURCE", "buildspecOverride": FILE.read_text()}
        codebuild = self.cloud.codebuild
        build = codebuild.start_build(projectName=PROJECT, environmentVariablesOverride=variables, **source)["build"]

        def look():
            [now] = codebuild.batch_get_builds(ids=[build["id"]])["builds"]
            return now if now["buildComplete"] else None

        return Ended(self.cloud, until(look, f"the end of {build['id']}", seconds))


def plain(variables):
    return [{"name": name, "value": value, "type": "PLAINTEXT"} for name, value in variables.items()]


class Ended:
    """A build that has ended."""

    def __init__(self, cloud, build):
        self.build, self.number = build, build["buildNumber"]
        self.succeeded = build["buildStatus"] == "SUCCEEDED"
        self.phases = {phase["phaseType"]: phase.get("phaseStatus") for phase in build["phases"]}
        self.exported = {entry["name"]: entry["value"] for entry in build.get("exportedEnvironmentVariables", [])}
        where = {"logGroupName": build["logs"]["groupName"], "logStreamName": build["logs"]["streamName"]}
        self.log, token = "", {}
        while True:
            page = cloud.logs.get_log_events(**where, startFromHead=True, **token)
            self.log += "".join(event["message"].rstrip("\n") + "\n" for event in page["events"])
            if token.get("nextToken") == page["nextForwardToken"]:
                break
            token = {"nextToken": page["nextForwardToken"]}

    @property
    def results(self):
        """The references and digests that the build exported."""
        return json.loads(self.exported["SLIPWAY_RESULT"])

    @property
    def errors(self):
        """The lines in which the buildspec says what failed."""
        mark = "error: slipway: "
        return [line.removeprefix(mark) for line in self.log.splitlines() if line.startswith(mark)]
