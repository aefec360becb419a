"""Attacks of senders and repositories on the central buildspec: no variable's name and no file of the source controls its tools."""

import json
import subprocess
from pathlib import Path

import pytest

from recorder import builds, image, option

# Names that git, docker, python, curl and the AWS CLI obey, and by which an attacker gets credentials or controls the build.
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
# Kept only if no job can have set them.
OPERATORS = {
    "DOCKER_HOST": "tcp://sender.test",
    "HTTPS_PROXY": "http://sender.test",
    "GIT_SSL_CAINFO": "sender.pem",
    "FAILS": "nothing",
}


def test_no_tool_gets_a_variable_that_is_not_on_the_list(central, kept, repository):
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
def test_variables_that_a_job_may_have_set_are_kept_only_if_variables_come_as_data(central, kept, repository, env):
    variables = {"SLIPWAY_REGISTRY": "r.test"} | OPERATORS
    ended = central.build(repository("", Dockerfile="FROM scratch"), [image()], variables, env=env)
    [environment] = kept(ended, "environment")
    seen = [name for name, value in OPERATORS.items() if f"{name}={value}" in environment.splitlines()]
    assert seen == ([] if env is None else list(OPERATORS))


def test_git_ignores_a_repository_planted_in_the_source(central, made, kept, repository):
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
    # Without the protection, git takes the folder for a repository.
    found = subprocess.run(["git", "-C", bare / "inner", "rev-parse", "--git-dir"], capture_output=True, text=True, check=False)
    assert found.stdout.strip() == str(bare)
    ended = central.build(url, [image(context="sub/inner"), image("whole")], {"SLIPWAY_REGISTRY": "r.test"})
    assert ended.succeeded and len(builds(made(ended))) == 2, ended.log
    assert [answer.strip() for answer in kept(ended, "git")] == ["fatal: not a git repository: '/dev/null'"] * 2


def test_a_dockerfile_gets_only_the_secrets_that_its_image_lists(central, made, kept, repository):
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
