"""The central buildspec with programs in place of docker, the AWS CLI and curl, which record their calls."""

import json
import os

import pytest

from central import Central

DIGEST = "sha256:" + "a1" * 32
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEYS = {"AccessKeyId": "ASIATEST", "SecretAccessKey": "sec/ret+", "Token": "session==", "Expiration": "2026-11-22T12:00:00Z"}

# Each call has a file with its arguments, each ended by a zero byte.
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
    # buildx does the same with the folder that it builds.
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
    """The folder in which the programs record their calls."""
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
    """A function that returns the recorded calls of a build: program and arguments."""

    def read(ended, program=None):
        found = [
            [file.name.removesuffix(".arguments")[4:], *file.read_text().split("\0")[:-1]]
            for file in sorted((calls / str(ended.number)).glob("*.arguments"))
        ]
        return [call for call in found if program in (None, call[0])]

    return read


@pytest.fixture
def kept(calls):
    """A function that returns what the calls of a build recorded besides their arguments."""
    return lambda ended, kind: [file.read_text() for file in sorted((calls / str(ended.number)).glob(f"*.{kind}"))]


def image(name="team/app", **more):
    return {"name": name, "tags": ["latest"], "context": ".", "build_args": {}, "aws_credentials": "none", **more}


def builds(calls):
    return [call[2:] for call in calls if call[:2] == ["docker", "build"]]


def pushes(calls):
    return [call[2] for call in calls if call[:2] == ["docker", "push"]]


def option(call, name):
    """The values of a repeatable option."""
    return [value for before, value in zip(call, call[1:], strict=False) if before == name]
