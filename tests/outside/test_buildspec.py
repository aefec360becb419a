"""The central buildspec, really run by local mode, with programs in docker's, the AWS CLI's and curl's place that keep what they get."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from central import FILE, Central
from program import SCRIPTS

DIGEST = "sha256:" + "a1" * 32
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
HOSTILE = [
    "plain",
    "",
    "two words",
    " leading and trailing ",
    "it's \"quoted\" \\ back\\\\slash",
    "$(touch owned) `touch owned` ${HOME} $HOME",
    "; touch owned; && touch owned || touch owned | touch owned & #",
    "--privileged",
    "a\nb\n\nc\n",
    "*",
    "tab\there, caf\u00e9 \U0001f680",
    "%s %n {{.Name}} \\(.name) \\u0000",
]
KEYS = {"AccessKeyId": "ASIATEST", "SecretAccessKey": "sec/ret+", "Token": "session==", "Expiration": "2026-11-22T12:00:00Z"}

# Each call's arguments, ended by zero bytes, in a file of its own.
KEEP = """\
#!/bin/bash
folder="$SLIPWAY_CALLS/$CODEBUILD_BUILD_NUMBER"; mkdir -p "$folder"
call="$folder/$(printf %03d "$(ls "$folder" | grep -c '\\.arguments$')")-{program}"
printf '%s\\0' "$@" >"$call.arguments"
"""
DOCKER = """\
case "$1" in
  version)
    if [ "$ENGINE" = none ]; then echo 'Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?' >&2; exit 1; fi
    echo "${CLIENT:-20.10.24+dfsg1}" ;;
  buildx) [ -n "$BUILDX" ] ;;
  login) cat >"$call.stdin" ;;
  build)
    # As buildx does with the folder that it builds.
    git -C "${@: -1}" rev-parse --show-toplevel >"$call.git" 2>&1
    env >"$call.environment"
    for argument in "$@"; do
      case "$argument" in id=*,env=*) variable="${argument#*,env=}" && printf '%s' "${!variable}" >"$call.${argument%%,*}" ;; esac
      secret="${argument#id=aws,src=}"
      if [ "$secret" != "$argument" ]; then cp "$secret" "$call.secret"; stat -c %a "$secret" >"$call.mode"; fi
    done
    if [ "$FAILS" = build ]; then echo 'ERROR: failed to solve: no such stage' >&2; exit 17; fi ;;
  push)
    ls "$SLIPWAY_WORK" >"$call.left"
    if [ "$FAILS" = push ]; then echo 'denied: the repository does not exist' >&2; exit 1; fi
    echo "latest: digest: DIGEST size: 528" ;;
esac
""".replace("DIGEST", DIGEST)


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Where the programs in others' place keep what they get."""
    return tmp_path_factory.mktemp("calls")


@pytest.fixture(scope="module")
def central(start_local, calls, tmp_path_factory):
    programs = tmp_path_factory.mktemp("programs")
    answers = {"docker": DOCKER, "aws": "echo ecr-password\n", "curl": f"echo '{json.dumps(KEYS)}'\n"}
    for name, text in answers.items():
        (programs / name).write_text(KEEP.replace("{program}", name) + text)
        (programs / name).chmod(0o755)
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.json"
    secrets.write_text(json.dumps({"hub": {"user": "acme", "password": "hub-password"}}))
    local = start_local("--no-daemon", "--secrets", secrets, PATH=f"{programs}:{os.environ['PATH']}")
    return Central(local.cloud, {"SLIPWAY_CALLS": str(calls), "SLIPWAY_KEEP": "ENGINE CLIENT BUILDX FAILS"})


@pytest.fixture
def made(calls):
    """A function that gives the calls of a build: program and arguments."""

    def read(ended, program=None):
        found = [
            [file.name.removesuffix(".arguments")[4:], *file.read_text().split("\0")[:-1]]
            for file in sorted((calls / str(ended.number)).glob("*.arguments"))
        ]
        return [call for call in found if program in (None, call[0])]

    return read


@pytest.fixture
def kept(calls):
    """A function that gives what the calls of a build kept beside their arguments."""
    return lambda ended, kind: [file.read_text() for file in sorted((calls / str(ended.number)).glob(f"*.{kind}"))]


def image(name="team/app", **more):
    return {"name": name, "tags": ["latest"], "context": ".", "build_args": {}, "aws_credentials": "none", **more}


def builds(calls):
    return [call[2:] for call in calls if call[:2] == ["docker", "build"]]


def pushes(calls):
    return [call[2] for call in calls if call[:2] == ["docker", "push"]]


def option(call, name):
    """The values of an option that may be repeated."""
    return [value for before, value in zip(call, call[1:], strict=False) if before == name]


def script(folder):
    """The script that the phases share, as the buildspec's first command writes it."""
    spec = yaml.safe_load(FILE.read_text())
    [command] = spec["phases"]["install"]["commands"]
    # What the phase's environment says of temporary files, which the checkout may hold then, does not count.
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    told = ["bash", "-euc", f'{command}\nprintf %s "$SLIPWAY_WORK"']
    work = Path(subprocess.run(told, check=True, env=environment, cwd=folder, capture_output=True, text=True).stdout)
    assert list(folder.iterdir()) == [] and work.parent == Path("/tmp")
    file = folder / "slipway.sh"
    shutil.move(work / file.name, file)
    work.rmdir()
    return file


def test_shellcheck_has_nothing_to_say(tmp_path):
    spec = yaml.safe_load(FILE.read_text())
    assert (spec["version"], spec["env"]["shell"]) == (0.2, "bash")
    checked = [script(tmp_path), tmp_path / "credential.sh"]
    checked[1].write_text(checked[0].read_text().split("<<'END_OF_CREDENTIAL'\n")[1].split("END_OF_CREDENTIAL\n")[0])
    for phase, block in spec["phases"].items():
        checked.append(tmp_path / f"{phase}.sh")
        checked[-1].write_text("\n".join(block["commands"] + block.get("finally", [])))
    for file in checked:
        answer = subprocess.run(
            [SCRIPTS / "shellcheck", "--shell", "bash", "--norc", file], capture_output=True, text=True, check=False
        )
        assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_part_of_an_image_reaches_docker(central, made, repository):
    images = [
        image("team/app", tags=["latest", "1.4.2"], target="runtime", platform="linux/arm64", dockerfile="Other"),
        {"name": "tool"},
    ]
    url = repository("", Dockerfile="FROM scratch", Other="FROM scratch AS runtime")
    ended = central.build(url, images, {"SLIPWAY_REGISTRY": "127.0.0.1:5000/below"})
    assert ended.succeeded, ended.log
    first, second = builds(made(ended))
    assert option(first, "--tag") == ["127.0.0.1:5000/below/team/app:latest", "127.0.0.1:5000/below/team/app:1.4.2"]
    assert (option(first, "--target"), option(first, "--platform")) == (["runtime"], ["linux/arm64"])
    assert option(first, "--file") == [f"{first[-1]}/Other"] and first[-1].endswith("/src")
    assert second == ["--tag", "127.0.0.1:5000/below/tool:latest", "--file", f"{first[-1]}/Dockerfile", first[-1]]
    references = ["127.0.0.1:5000/below/team/app:latest", "127.0.0.1:5000/below/team/app:1.4.2", "127.0.0.1:5000/below/tool:latest"]
    assert pushes(made(ended)) == references
    assert ended.results == [{"reference": reference, "digest": DIGEST} for reference in references]
    assert not made(ended, "aws") and not made(ended, "curl")


def test_hostile_values_are_one_argument_each_and_never_run(central, made, repository):
    arguments = {f"ARG_{number}": value for number, value in enumerate(HOSTILE)}
    ended = central.build(
        repository("", Dockerfile="FROM scratch"), [image(build_args=arguments)], {"SLIPWAY_REGISTRY": "r.test"}
    )
    assert ended.succeeded, ended.log
    [call] = builds(made(ended))
    assert option(call, "--build-arg") == [f"ARG_{number}={value}" for number, value in enumerate(HOSTILE)]
    assert len(call) == 2 * len(HOSTILE) + 5
    assert "owned" not in ended.log


@pytest.mark.parametrize("hostile", ["$(touch owned)", "a b", "x;touch owned", "-f", "a\nb", "..", "'\"`id`", "https://evil.test/x"])
def test_hostile_tags_targets_and_paths_are_docker_s_to_refuse(central, made, repository, hostile):
    url = repository("", Dockerfile="FROM scratch")
    ended = central.build(url, [image(tags=[hostile], target=hostile)], {"SLIPWAY_REGISTRY": "r.test"})
    [call] = builds(made(ended))
    assert (option(call, "--tag"), option(call, "--target")) == ([f"r.test/team/app:{hostile}"], [hostile])
    for part in ("context", "dockerfile"):
        ended = central.build(url, [image(**{part: hostile})], {"SLIPWAY_REGISTRY": "r.test"})
        assert not builds(made(ended)) and not ended.succeeded
        assert len(ended.errors) == 1 and "owned" not in ended.log.replace("touch owned", "")


def test_a_zero_byte_cannot_make_two_arguments_of_one(central, made, repository):
    for hostile in [image(build_args={"A": "b\0--privileged"}), image(build_args={"A\0--privileged": "b"}), image(tags=["a\0b"])]:
        ended = central.build(repository("", Dockerfile="FROM scratch"), [hostile], {"SLIPWAY_REGISTRY": "r.test"})
        assert (ended.phases["BUILD"], ended.errors) == ("FAILED", ["SLIPWAY_IMAGES cannot be understood"])
        assert not builds(made(ended)) and not pushes(made(ended))


def test_a_link_out_of_the_source_is_not_followed(central, made, repository):
    url = repository("", Dockerfile="FROM scratch")
    folder = url.removeprefix("file://")
    os.symlink("/", f"{folder}/everything")
    os.symlink("/etc/passwd", f"{folder}/users")
    os.symlink("Dockerfile", f"{folder}/same")
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for arguments in (["add", "."], [*identity, "commit", "-qm", "Links"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    for hostile in [image(context="everything"), image(dockerfile="users"), image(context="everything/etc"), image(context="../../..")]:
        ended = central.build(url, [hostile], {"SLIPWAY_REGISTRY": "r.test"})
        assert ended.phases["BUILD"] == "FAILED" and not builds(made(ended))
        [error] = ended.errors
        assert "leads out of the source" in error or "the source has no" in error
    assert central.build(url, [image(dockerfile="same")], {"SLIPWAY_REGISTRY": "r.test"}).succeeded


@pytest.mark.parametrize(
    ("fails", "phase", "error"),
    [
        ("build", "BUILD", "docker could not build team/app"),
        ("push", "POST_BUILD", "docker could not push r.test/team/app:latest"),
    ],
)
def test_nothing_is_pushed_after_a_failure(central, made, repository, fails, phase, error):
    url = repository("", Dockerfile="FROM scratch")
    ended = central.build(url, [image(), image("second")], {"SLIPWAY_REGISTRY": "r.test", "FAILS": fails})
    assert (ended.succeeded, ended.phases[phase], ended.errors) == (False, "FAILED", [error])
    assert len(builds(made(ended))) == (1 if fails == "build" else 2)
    assert pushes(made(ended)) == ([] if fails == "build" else ["r.test/team/app:latest"])
    assert json.loads(ended.exported.get("SLIPWAY_RESULT", "[]")) == []
    if fails == "build":
        assert ended.phases["POST_BUILD"] == "SUCCEEDED" and "slipway: nothing is pushed" in ended.log


def test_logins_get_their_passwords_on_standard_input(central, made, kept, repository):
    ended = central.build(
        repository("", Dockerfile="FROM scratch"),
        [image()],
        {"SLIPWAY_REGISTRY": f"{ECR}/below", "SLIPWAY_CACHE": f"{ECR}/cache"},
        {"SLIPWAY_DOCKERHUB_USERNAME": "hub:user", "SLIPWAY_DOCKERHUB_PASSWORD": "hub:password"},
    )
    assert ended.succeeded, ended.log
    assert made(ended, "aws") == [["aws", "ecr", "get-login-password", "--region", "eu-west-1"]]
    logins = [call[2:] for call in made(ended, "docker") if call[1] == "login"]
    assert logins == [["--username", "AWS", "--password-stdin", ECR], ["--username=acme", "--password-stdin"]]
    assert kept(ended, "stdin") == ["ecr-password\n", "hub-password\n"]
    assert "hub-password" not in ended.log + json.dumps(made(ended))


def test_the_cache_is_read_and_written(central, made, repository):
    images = [image(), image(target="other"), image("team-app")]
    variables = {"SLIPWAY_REGISTRY": "r.test", "SLIPWAY_CACHE": "r.test/cache"}
    ended = central.build(repository("", Dockerfile="FROM scratch"), images, variables)
    calls = builds(made(ended))
    kept = [option(call, "--cache-from")[0] for call in calls]
    assert len(set(kept)) == 3 and all(name.startswith("r.test/cache:") for name in kept)
    assert all("BUILDKIT_INLINE_CACHE=1" in option(call, "--build-arg") for call in calls)
    assert [option(call, "--tag")[-1] for call in calls] == kept
    assert pushes(made(ended))[3:] == kept
    assert [result["reference"] for result in ended.results] == ["r.test/team/app:latest"] * 2 + ["r.test/team-app:latest"]


def test_the_role_as_build_arguments_or_as_a_secret(central, made, kept, repository):
    url = repository("", Dockerfile="FROM scratch")
    registry = {"SLIPWAY_REGISTRY": "r.test"}
    endpoint = {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/credentials/1"}
    images = [image(aws_credentials="build-arg"), image(aws_credentials="secret"), image()]
    ended = central.build(url, images, registry | endpoint)
    assert ended.succeeded, ended.log
    argument, secret, none = builds(made(ended))
    assert option(argument, "--build-arg") == ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_REGION", "AWS_DEFAULT_REGION"]
    assert option(secret, "--build-arg") == [] and len(option(secret, "--secret")) == 1
    assert option(none, "--build-arg") + option(none, "--secret") + option(argument, "--secret") == []
    [fetch] = made(ended, "curl")
    assert fetch[-1] == "http://169.254.170.2/v2/credentials/1"
    lines = ["[default]", "aws_access_key_id = ASIATEST", "aws_secret_access_key = sec/ret+", "aws_session_token = session=="]
    assert kept(ended, "secret") == ["\n".join([*lines, "region = us-east-1", ""])] and kept(ended, "mode") == ["600\n"]
    assert "sec/ret+" not in ended.log + json.dumps(made(ended))
    assert "slipway.sh" in kept(ended, "left")[0] and "credentials" not in kept(ended, "left")[0]
    for way in ("build-arg", "secret"):
        ended = central.build(url, [image(aws_credentials=way)], registry)
        assert ended.errors == ["team/app asks for the build's role, and the build has no credentials endpoint"]


@pytest.mark.parametrize(
    ("variables", "error"),
    [
        ({"ENGINE": "none"}, "no docker engine answers: the project needs privileged mode"),
        ({"CLIENT": "28.2.2"}, "docker 28.2.2 cannot build: its buildx component is missing"),
        ({"CLIENT": "28.2.2", "BUILDX": "yes"}, None),
        ({"SLIPWAY_REGISTRY": ""}, "the job asks for images, and its profile has no registry"),
        (
            {"SLIPWAY_DOCKERHUB_USERNAME": "acme"},
            "SLIPWAY_DOCKERHUB_USERNAME and SLIPWAY_DOCKERHUB_PASSWORD go together, and one is missing",
        ),
        ({"SLIPWAY_IMAGES": "not JSON"}, "SLIPWAY_IMAGES is not a JSON list, or jq is missing"),
    ],
)
def test_what_is_missing_is_named(central, made, repository, variables, error):
    given = {"SLIPWAY_REGISTRY": "r.test", "SLIPWAY_IMAGES": json.dumps([image()])} | variables
    ended = central.build(repository("", Dockerfile="FROM scratch"), None, given)
    assert (ended.succeeded, ended.errors) == (error is None, [error] if error else [])
    if error:
        assert ended.phases["PRE_BUILD"] == "FAILED" and "BUILD" not in ended.phases and not builds(made(ended))


def test_without_images_nothing_is_built_and_docker_is_not_needed(central, made, repository):
    for images in (None, []):
        ended = central.build(repository(""), images, {"ENGINE": "none"})
        assert (ended.succeeded, ended.results, made(ended)) == (True, [], [])
        assert "slipway: the job asks for no images: there is nothing to build" in ended.log


# Names that git, docker, python, curl and the AWS CLI obey, and what hands their credentials or the build to whoever sets them.
OBEYED = {
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "core.fsmonitor",
    "GIT_CONFIG_VALUE_0": "touch /tmp/owned",
    "GIT_OBJECT_DIRECTORY": "objects",
    "GIT_SSH_COMMAND": "touch /tmp/owned",
    "PYTHONWARNINGS": "all:0:antigravity.x:0:0",
    "PYTHONUSERBASE": ".",
    "BROWSER": "touch /tmp/owned #%s",
    "XDG_CONFIG_HOME": ".",
    "DOCKER_CONTENT_TRUST": "1",
    "DOCKER_CONTENT_TRUST_SERVER": "https://sender.test",
    "DOCKER_CONFIG": ".",
    "BUILDX_CONFIG": ".",
    "BUILDKIT_HOST": "tcp://sender.test",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://sender.test",
    "TMPDIR": ".",
    "NODE_OPTIONS": "--require ./owned.js",
    "JQ_COLORS": "x",
    "NOT_THOUGHT_OF": "x",
}
# Kept only where no job can have set them.
OPERATORS = {
    "DOCKER_HOST": "tcp://sender.test",
    "HTTPS_PROXY": "http://sender.test",
    "GIT_SSL_CAINFO": "sender.pem",
    "FAILS": "nothing",
}


def test_no_tool_sees_a_variable_that_is_not_on_the_list(central, kept, repository):
    url = repository("", Dockerfile="FROM scratch")
    ended = central.build(url, [image()], {"SLIPWAY_REGISTRY": "r.test"} | OBEYED)
    assert ended.succeeded, ended.log
    [environment] = kept(ended, "environment")
    seen = dict(line.split("=", 1) for line in environment.splitlines() if "=" in line)
    set_by_the_script = {"GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"}
    assert seen.keys() & OBEYED.keys() == set_by_the_script
    assert (seen["GIT_CONFIG_KEY_0"], seen["GIT_CONFIG_VALUE_0"]) == ("safe.bareRepository", "explicit")
    assert (seen["BUILDX_GIT_INFO"], seen["GIT_DIR"]) == ("false", "/dev/null")
    kinds = ("SLIPWAY_", "CODEBUILD_", "AWS_CONTAINER_", "GIT_", "AWS_REGION", "AWS_DEFAULT_REGION", "DOCKER_BUILDKIT", "BUILD")
    ordinary = {"PATH", "HOME", "PWD", "OLDPWD", "SHLVL", "_"} | OPERATORS.keys()
    assert [name for name in seen if not name.startswith(kinds) and name not in ordinary] == []


@pytest.mark.parametrize("env", [(), None])
def test_what_a_job_may_have_set_is_kept_only_where_its_variables_come_as_data(central, kept, repository, env):
    variables = {"SLIPWAY_REGISTRY": "r.test"} | OPERATORS
    ended = central.build(repository("", Dockerfile="FROM scratch"), [image()], variables, env=env)
    [environment] = kept(ended, "environment")
    seen = [name for name, value in OPERATORS.items() if f"{name}={value}" in environment.splitlines()]
    assert seen == ([] if env is None else list(OPERATORS))


def test_a_repository_planted_in_the_source_is_none_to_git(central, made, kept, repository):
    url = repository("", Dockerfile="FROM scratch")
    folder = Path(url.removeprefix("file://"))
    bare = folder / "sub"
    for part in ("objects", "refs", "inner"):
        (bare / part).mkdir(parents=True)
        (bare / part / "kept").write_text("")
    (bare / "HEAD").write_text("ref: refs/heads/main\n")
    owned = folder.parent / "owned"
    (bare / "config").write_text(
        "[core]\n\trepositoryformatversion = 1\n\tbare = true\n[extensions]\n\tpartialClone = evil\n"
        f'[remote "evil"]\n\turl = "ext::sh -c touch%{owned}"\n\tpromisor = true\n[protocol "ext"]\n\tallow = always\n'
    )
    (bare / "inner" / "Dockerfile").write_text("FROM scratch\n")
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    for arguments in (["add", "."], [*identity, "commit", "-qm", "Planted"]):
        subprocess.run(["git", "-C", folder, *arguments], check=True)
    # Unprotected, git takes the folder for a repository.
    found = subprocess.run(["git", "-C", bare / "inner", "rev-parse", "--git-dir"], capture_output=True, text=True, check=False)
    assert found.stdout.strip() == str(bare)
    ended = central.build(url, [image(context="sub/inner"), image("whole")], {"SLIPWAY_REGISTRY": "r.test"})
    assert ended.succeeded and len(builds(made(ended))) == 2, ended.log
    assert [answer.strip() for answer in kept(ended, "git")] == ["fatal: not a git repository: '/dev/null'"] * 2


def test_a_dockerfile_gets_the_secrets_that_its_image_lists(central, made, kept, repository):
    url = repository("", Dockerfile="FROM scratch")
    variables = {"SLIPWAY_REGISTRY": "r.test", "SLIPWAY_ENV_0": "unlisted", "SLIPWAY_ENV_1": "s3cret\n\twith lines "}
    env = ["OTHER", "NPM_TOKEN"]
    ended = central.build(url, [image(secrets=["NPM_TOKEN"]), image("second")], variables, env=env)
    assert ended.succeeded, ended.log
    first, second = builds(made(ended))
    assert (option(first, "--secret"), option(second, "--secret")) == (["id=NPM_TOKEN,env=SLIPWAY_ENV_1"], [])
    assert kept(ended, "id=NPM_TOKEN") == ["s3cret\n\twith lines "]
    assert "s3cret" not in ended.log + json.dumps(made(ended))
    ended = central.build(url, [image(secrets=["MISSING"])], variables, env=env)
    assert (ended.errors, builds(made(ended))) == (["SLIPWAY_IMAGES cannot be understood"], [])
