"""The embedded endpoint's CodeBuild, used by boto3. Its builds really run."""

import pytest
from botocore.exceptions import ClientError

from cloud import variables
from waiting import until

ENVIRONMENT = {"type": "LINUX_CONTAINER", "image": "aws/codebuild/standard:7.0", "computeType": "BUILD_GENERAL1_SMALL"}


@pytest.fixture
def codebuild(cloud):
    return cloud.codebuild


@pytest.fixture
def project(codebuild, unique):
    """A project whose source is a placeholder that every build overrides."""
    environment = ENVIRONMENT | {"environmentVariables": [{"name": "STAGE", "value": "project", "type": "PLAINTEXT"}]}
    codebuild.create_project(
        name=unique,
        source={"type": "GITHUB", "location": "https://github.com/slipway/placeholder"},
        artifacts={"type": "NO_ARTIFACTS"},
        environment=environment,
        serviceRole="arn:aws:iam::000000000000:role/builds",
    )
    yield unique
    codebuild.delete_project(name=unique)


@pytest.fixture
def start(codebuild, project):
    """A function that starts a build of a repository."""

    def start(url, **more):
        overrides = {"sourceTypeOverride": "GITHUB_ENTERPRISE", "sourceLocationOverride": url}
        return codebuild.start_build(projectName=project, **overrides, **more)["build"]

    return start


@pytest.fixture
def ended(codebuild):
    """A function that waits for a build's end."""

    def wait(build):
        def look():
            [now] = codebuild.batch_get_builds(ids=[build["id"]])["builds"]
            return now if now["buildComplete"] else None

        return until(look, f"the end of {build['id']}")

    return wait


def test_projects_are_created_changed_listed_and_deleted(codebuild, project):
    [known] = codebuild.batch_get_projects(names=[project, "nobody"])["projects"]
    assert (known["name"], known["timeoutInMinutes"], known["artifacts"]["type"]) == (project, 60, "NO_ARTIFACTS")
    changed = codebuild.update_project(name=project, description="Builds anything", timeoutInMinutes=30)["project"]
    assert (changed["description"], changed["timeoutInMinutes"]) == ("Builds anything", 30)
    assert changed["environment"] == known["environment"]
    assert codebuild.batch_get_projects(names=["nobody"])["projectsNotFound"] == ["nobody"]
    assert project in codebuild.list_projects()["projects"]
    with pytest.raises(codebuild.exceptions.ResourceAlreadyExistsException):
        codebuild.create_project(
            name=project,
            source={"type": "NO_SOURCE", "buildspec": "version: 0.2"},
            artifacts={"type": "NO_ARTIFACTS"},
            environment=ENVIRONMENT,
            serviceRole="arn:aws:iam::000000000000:role/builds",
        )
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.start_build(projectName="nobody")


def test_a_build_runs_with_its_overrides(codebuild, repository, start, ended, cloud):
    url = repository("version: 0.2\nphases:\n  build:\n    commands:\n      - echo stage $STAGE of $NAME\n")
    names = [{"name": "STAGE", "value": "start", "type": "PLAINTEXT"}, {"name": "NAME", "value": "a job", "type": "PLAINTEXT"}]
    build = start(url, sourceVersion="main", gitCloneDepthOverride=1, timeoutInMinutesOverride=7, environmentVariablesOverride=names)
    assert (build["buildStatus"], build["buildNumber"], build["initiator"] != "") == ("IN_PROGRESS", 1, True)
    assert build["id"].startswith(f"{build['projectName']}:") and build["arn"].endswith(f":build/{build['id']}")
    end = ended(build)
    assert (end["buildStatus"], end["currentPhase"]) == ("SUCCEEDED", "COMPLETED")
    assert (end["source"]["location"], end["sourceVersion"], end["timeoutInMinutes"]) == (url, "main", 7)
    assert variables(end) == {"STAGE": "start", "NAME": "a job"}
    assert len(end["resolvedSourceVersion"]) == 40
    phases = [phase["phaseType"] for phase in end["phases"]]
    assert phases[0] == "SUBMITTED" and phases[-1] == "COMPLETED" and "BUILD" in phases
    assert all(phase["phaseStatus"] == "SUCCEEDED" for phase in end["phases"][:-1])
    where = {"logGroupName": end["logs"]["groupName"], "logStreamName": end["logs"]["streamName"]}
    lines = [event["message"] for event in cloud.logs.get_log_events(**where, startFromHead=True)["events"]]
    assert any("stage start of a job" in line for line in lines)


def test_a_token_starts_one_build(codebuild, repository, start):
    url = repository()
    first = start(url, idempotencyToken="token-1")
    assert start(url, idempotencyToken="token-1")["id"] == first["id"]
    with pytest.raises(codebuild.exceptions.InvalidInputException, match="(?i)token"):
        start(url, idempotencyToken="token-1", sourceVersion="main")
    assert start(url, idempotencyToken="token-2")["id"] != first["id"]


def test_missing_projects_and_builds_are_named(codebuild, repository, start):
    build, unknown = start(repository()), "nobody:00000000-0000-0000-0000-000000000000"
    answer = codebuild.batch_get_builds(ids=[build["id"], unknown])
    assert [known["id"] for known in answer["builds"]] == [build["id"]]
    assert answer["buildsNotFound"] == [unknown]
    with pytest.raises(ClientError):
        codebuild.batch_get_builds(ids=[unknown] * 101)


def test_lists_begin_with_the_newest_and_have_pages(codebuild, project, repository, start):
    url = repository()
    started = [start(url)["id"] for _ in range(3)]
    assert codebuild.list_builds_for_project(projectName=project, sortOrder="ASCENDING")["ids"] == started
    started += [start(url)["id"] for _ in range(98)]
    first = codebuild.list_builds_for_project(projectName=project)
    second = codebuild.list_builds_for_project(projectName=project, nextToken=first["nextToken"])
    assert len(first["ids"]) == 100 and "nextToken" not in second
    assert first["ids"] + second["ids"] == started[::-1]
    with pytest.raises(codebuild.exceptions.InvalidInputException):  # as AWS does on long histories
        codebuild.list_builds_for_project(projectName=project, sortOrder="ASCENDING")
    assert codebuild.list_builds()["ids"][0] == started[-1]


def test_a_build_is_stopped_and_a_retry_is_another_build(repository, gate, start, ended, codebuild):
    build = start(repository(gate.buildspec), environmentVariablesOverride=[{"name": "NAME", "value": "kept", "type": "PLAINTEXT"}])
    until(lambda: codebuild.batch_get_builds(ids=[build["id"]])["builds"][0]["currentPhase"] == "BUILD", "the build's commands")
    codebuild.stop_build(id=build["id"])
    assert ended(build)["buildStatus"] == "STOPPED"
    gate.open()
    again = codebuild.retry_build(id=build["id"])["build"]
    assert again["id"] != build["id"] and variables(again)["NAME"] == "kept"
    assert ended(again)["buildStatus"] == "SUCCEEDED"
    with pytest.raises(codebuild.exceptions.ResourceNotFoundException):
        codebuild.stop_build(id="nobody:00000000-0000-0000-0000-000000000000")


def test_a_failed_command_fails_its_phase_with_a_context(repository, start, ended):
    end = ended(start(repository("version: 0.2\nphases:\n  build:\n    commands:\n      - exit 3\n")))
    assert end["buildStatus"] == "FAILED"
    [failed] = [phase for phase in end["phases"] if phase.get("phaseStatus") == "FAILED"]
    assert failed["phaseType"] == "BUILD"
    assert failed["contexts"][0]["statusCode"] == "COMMAND_EXECUTION_ERROR"
    assert "exit status 3" in failed["contexts"][0]["message"]
