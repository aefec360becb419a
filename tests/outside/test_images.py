"""Jobs with images, which the central buildspec really builds in a Docker engine and pushes to a registry."""

import hashlib
import json
import os
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import central
from cloud import job
from engine import GATEWAY
from git_server import GitServer
from images import BASE, dockerfiles, reference, run
from program import ROOT, environment

__all__ = ["dockerfiles"]

# The operator's configuration: the central buildspec, its settings, and the token for the git server.
PROFILE = """
[profiles.images]
project = "slipway"
registry = "{registry}"
sources = ["file:///*", "https://{git}/*"]
secrets = ["npm/*"]

[[profiles.images.env]]
name = "GIT_SSL_CAINFO"
value = "{certificate}"

[[hosts]]
host = "{git}"
secret = "git/token"
"""
KEYS = {"AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "wJalr+secret/key", "Token": "FwoG+session+token=="}


@pytest.fixture(scope="module")
def endpoint_of_credentials(engine):
    """The credentials endpoint of a build's role, which containers reach too. Returns its URL."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(KEYS).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((GATEWAY, 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://{GATEWAY}:{server.server_port}/role"
    server.shutdown()
    thread.join()
    server.server_close()


TOKEN = "glpat-Zx9token"
# As long as a real one, and not of a form that the redaction knows.
NPM_TOKEN = "Zq7 wF3$'x\"1\n\tlast line"
README = (ROOT / "README.md").read_text()


@pytest.fixture(scope="module")
def git_server(tmp_path_factory):
    server = GitServer(tmp_path_factory.mktemp("git"), TOKEN)
    yield server
    server.end()


@pytest.fixture(scope="module")
def machine(engine, start_local, free_port, tmp_path_factory, endpoint_of_credentials, git_server):
    """Local mode with its daemon, whose profile `images` builds with the central buildspec."""
    folder, listen = tmp_path_factory.mktemp("config"), f"127.0.0.1:{free_port()}"
    config, secrets = folder / "slipway.toml", folder / "secrets.json"
    text = (ROOT / "config" / "local.toml").read_text().replace("127.0.0.1:4566", listen)
    served = f"127.0.0.1:{git_server.port}"
    profile = PROFILE.format(registry=engine.registry, git=served, certificate=git_server.certificate)
    config.write_text(text + profile)
    secrets.write_text(json.dumps({"git/token": TOKEN, "npm/token": NPM_TOKEN}))
    path = f"{engine.programs}:{os.environ['PATH']}"
    local = start_local("--config", config, "--secrets", secrets, listen=listen, PATH=path, DOCKER_HOST=engine.host)
    # The project's variables, to which CodeBuild would add those of the role.
    role = {"name": "AWS_CONTAINER_CREDENTIALS_FULL_URI", "value": endpoint_of_credentials, "type": "PLAINTEXT"}
    codebuild = local.cloud.codebuild
    [project] = codebuild.batch_get_projects(names=["slipway"])["projects"]
    codebuild.update_project(name="slipway", environment=project["environment"] | {"environmentVariables": [role]})
    local.central = central.Central(local.cloud, {"SLIPWAY_CACHE": f"{engine.registry}/cache"})
    return local


@pytest.fixture
def build(machine, unique):
    """A function that sends a job and returns the data of its last event."""

    def build(url, images, seconds=180, **more):
        machine.cloud.send(job(unique, url, profile="images", images=images, **more))
        return machine.subscriber.event(f"{unique}/finished", seconds)["data"]

    return build


def test_an_image_from_scratch_is_built_and_pushed(engine, build, dockerfiles):
    url = dockerfiles(Dockerfile='FROM scratch\nCOPY busybox /busybox\nENTRYPOINT ["/busybox", "echo", "built"]\n')
    data = build(url, [{"name": "team/scratch", "tags": ["latest", "1.4.2"], "platform": "linux/amd64"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    digest = engine.digest("team/scratch", "latest")
    assert digest and digest == engine.digest("team/scratch", "1.4.2")
    expected = [{"reference": reference(engine, "team/scratch", tag), "digest": digest} for tag in ("latest", "1.4.2")]
    assert data["images"] == expected
    engine.docker("image", "rm", "--force", *[image["reference"] for image in expected])
    assert run(engine, f"{engine.registry}/team/scratch@{digest}") == "built\n"


def test_several_images_are_built_from_one_repository(engine, build, dockerfiles):
    stages = BASE + "FROM base AS one\nRUN echo one >/name\nFROM base AS two\nARG WHO\nRUN echo two $WHO >/name\n"
    url = dockerfiles(Dockerfile=stages, Other="FROM scratch\nCOPY Other /name\n")
    images = [
        {"name": "several/one", "target": "one"},
        {"name": "several/two", "target": "two", "build_args": {"WHO": "for all"}},
        {"name": "several/other", "tags": ["x"], "dockerfile": "Other", "context": "."},
    ]
    data = build(url, images)
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    names = ["several/one:latest", "several/two:latest", "several/other:x"]
    assert [image["reference"] for image in data["images"]] == [f"{engine.registry}/{name}" for name in names]
    assert [image["digest"] for image in data["images"]] == [engine.digest(*name.split(":")) for name in names]
    assert [run(engine, data["images"][at]["reference"], "cat", "/name") for at in (0, 1)] == ["one\n", "two for all\n"]


def test_hostile_build_arguments_arrive_unchanged(engine, build, dockerfiles):
    values = ["$(touch /owned) `touch /owned`", "; touch /owned; #", "it's \"quoted\" \\ ${HOME}", "--privileged", " two  words "]
    lines = "".join(f'ARG A{number}\nRUN printf %s "$A{number}" >/a{number}\n' for number in range(len(values)))
    data = build(
        dockerfiles(Dockerfile=BASE + lines),
        [{"name": "hostile", "build_args": {f"A{number}": value for number, value in enumerate(values)}}],
    )
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    image = data["images"][0]["reference"]
    assert [run(engine, image, "cat", f"/a{number}") for number in range(len(values))] == values
    assert "owned" not in run(engine, image, "ls", "/")


def test_a_build_argument_of_several_lines_is_one_argument(engine, machine, dockerfiles):
    value = "a\n$(touch /owned)\n\n--privileged\n"
    images = [{"name": "lines", "build_args": {"A": value}}]
    url = dockerfiles(Dockerfile=BASE + 'ARG A\nRUN printf %s "$A" >/a\n')
    ended = machine.central.build(url, images, {"SLIPWAY_REGISTRY": engine.registry})
    assert ended.succeeded, ended.log
    assert run(engine, ended.results[0]["reference"], "cat", "/a") == value


def test_a_failing_dockerfile_fails_the_job_and_pushes_nothing(engine, build, dockerfiles):
    url = dockerfiles(Dockerfile=BASE + "RUN echo the compiler complains >&2; exit 7\n", Good="FROM scratch\nCOPY Good /\n")
    good = {"dockerfile": "Good"}
    data = build(url, [{"name": "failing/good", **good}, {"name": "failing/bad"}, {"name": "failing/late", **good}])
    assert (data["status"], data["failure"]["kind"], data["failure"]["phase"]) == ("failed", "build", "BUILD")
    excerpt = data["log"]["excerpt"]
    assert "the compiler complains" in excerpt and "error: slipway: docker could not build failing/bad" in excerpt
    assert data["failure"]["command"] == 'bash "$SLIPWAY_WORK/slipway.sh" build'
    assert data.get("images", []) == []
    assert [engine.digest(f"failing/{name}", "latest") for name in ("good", "bad", "late")] == [None] * 3


def test_the_layers_of_the_last_build_are_reused(engine, machine, dockerfiles):
    url = dockerfiles(Dockerfile=BASE + "RUN head -c 16 /dev/urandom | md5sum >/random\n")
    variables = {"SLIPWAY_REGISTRY": engine.registry}
    first = machine.central.build(url, [{"name": "cached", "tags": ["latest"]}], variables)
    assert first.succeeded, first.log
    # Only the registry keeps the layers.
    engine.docker("image", "rm", "--force", *engine.docker("image", "ls", "--quiet").stdout.split())
    engine.docker("builder", "prune", "--all", "--force")
    second = machine.central.build(url, [{"name": "cached", "tags": ["latest"]}], variables)
    assert second.succeeded and "CACHED" in second.log, second.log
    assert second.results == first.results


FETCH = "wget -q -O - $AWS_CONTAINER_CREDENTIALS_FULL_URI"


def test_the_credentials_of_the_role_arrive_as_build_arguments(engine, build, dockerfiles):
    fetch = f"ARG AWS_CONTAINER_CREDENTIALS_FULL_URI\nARG AWS_REGION\nRUN {FETCH} | grep -q ASIAEXAMPLE && echo $AWS_REGION >/region\n"
    data = build(dockerfiles(Dockerfile=BASE + fetch), [{"name": "role/argument", "aws_credentials": "build-arg"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    image = data["images"][0]["reference"]
    assert run(engine, image, "cat", "/region") == "us-east-1\n"
    assert "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://" in engine.docker("history", "--no-trunc", image).stdout


def test_the_credentials_of_the_role_arrive_as_a_secret_that_is_not_stored(engine, build, dockerfiles, endpoint_of_credentials):
    mount = "RUN --mount=type=secret,id=aws,target=/root/.aws/credentials"
    read = f"{mount} sha256sum </root/.aws/credentials >/seen\n"
    dockerfile = BASE + "ARG AWS_CONTAINER_CREDENTIALS_FULL_URI\n" + read + "RUN ! test -s /root/.aws/credentials\n"
    data = build(dockerfiles(Dockerfile=dockerfile), [{"name": "role/secret", "aws_credentials": "secret"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    image = data["images"][0]["reference"]
    names = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "region"]
    lines = [f"{name} = {value}" for name, value in zip(names, [*KEYS.values(), "us-east-1"], strict=True)]
    text = "\n".join(["[default]", *lines, ""])
    assert run(engine, image, "cat", "/seen").split()[0] == hashlib.sha256(text.encode()).hexdigest()
    history = engine.docker("history", "--no-trunc", image).stdout
    inspected = engine.docker("image", "inspect", image).stdout
    files = subprocess.run(["tar", "-xO"], input=saved(engine, image), capture_output=True, check=True).stdout
    for secret in [*KEYS.values(), endpoint_of_credentials]:
        assert secret not in history + inspected + json.dumps(data)
        assert secret.encode() not in files
    assert "/root/.aws/credentials" in history


def test_a_dockerfile_gets_no_credentials_of_the_role_by_default(engine, build, dockerfiles):
    mount = "RUN --mount=type=secret,id=aws,target=/keys"
    check = f'ARG AWS_CONTAINER_CREDENTIALS_FULL_URI\n{mount} ! test -e /keys && test -z "$AWS_CONTAINER_CREDENTIALS_FULL_URI"\n'
    data = build(dockerfiles(Dockerfile=BASE + check), [{"name": "role/none"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]


def saved(engine, image):
    """The image with all its layers, unpacked once. The layers are not compressed."""
    file = engine.folder / "saved.tar"
    engine.docker("save", "--output", file, image)
    return file.read_bytes()


def test_an_image_is_built_from_a_private_repository(engine, machine, build, dockerfiles, git_server):
    folder = dockerfiles(Dockerfile="FROM scratch\nCOPY busybox /busybox\n").removeprefix("file://")
    subprocess.run(["git", "clone", "-q", "--mirror", folder, git_server.folder / "app.git"], check=True, env=environment())
    head = subprocess.run(["git", "-C", folder, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    data = build(git_server.url("app.git"), [{"name": "private"}])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    assert data["images"] == [{"reference": reference(engine, "private"), "digest": engine.digest("private", "latest")}]
    assert data["job"]["source"]["commit"] == head
    events = json.dumps(machine.subscriber.events)
    log = whole_log(machine.cloud, data)
    assert TOKEN not in events + log + machine.program.log + machine.program.output
    assert any(authorization for _, authorization in git_server.requests)


def whole_log(cloud, data):
    where = {"logGroupName": data["log"]["group"], "logStreamName": data["log"]["stream"]}
    return "".join(event["message"] for event in cloud.logs.get_log_events(**where, startFromHead=True)["events"])


def test_the_secret_of_the_readme_reaches_its_dockerfile_and_is_not_stored(engine, machine, build, dockerfiles):
    example = json.loads(README.split("```json\n")[1].split("```")[0])
    [mount] = set(re.findall(r"--mount=type=secret,id=\w+", README))
    read = f"RUN {mount} sha256sum </run/secrets/NPM_TOKEN >/seen && cat /run/secrets/NPM_TOKEN >/dev/null\n"
    nothing = "RUN ! test -e /run/secrets/NPM_TOKEN && ! env | grep -q NPM_TOKEN\n"
    [image] = example["images"]
    images = [{"name": "secret", "secrets": image["secrets"]}, {"name": "secret/none", "dockerfile": "Without"}]
    data = build(dockerfiles(Dockerfile=BASE + read, Without=BASE + nothing), images, env=example["env"])
    assert data["status"] == "succeeded", data["log"]["excerpt"]
    reference = data["images"][0]["reference"]
    assert run(engine, reference, "cat", "/seen").split()[0] == hashlib.sha256(NPM_TOKEN.encode()).hexdigest()
    files = subprocess.run(["tar", "-xO"], input=saved(engine, reference), capture_output=True, check=True).stdout
    kept = engine.docker("history", "--no-trunc", reference).stdout + engine.docker("image", "inspect", reference).stdout
    kept += whole_log(machine.cloud, data) + json.dumps(machine.subscriber.events) + machine.program.log
    for line in NPM_TOKEN.splitlines():
        assert line.strip() not in kept and line.encode() not in files


def test_a_secret_that_the_profile_does_not_allow_is_rejected(machine, repository, unique):
    env = [
        {"name": "A", "value": "git/token", "type": "SECRETS_MANAGER"},
        {"name": "B", "value": "/npm/token", "type": "PARAMETER_STORE"},
    ]
    machine.cloud.send(job(unique, repository(), profile="images", env=env))
    problems = machine.subscriber.event(f"{unique}/rejected")["data"]["problems"]
    assert {problem["path"] for problem in problems} == {"/env/0/value", "/env/1/value"}
    assert all("is not among the" in problem["problem"] for problem in problems)
