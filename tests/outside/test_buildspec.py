"""The central buildspec in local mode: the calls of docker, the AWS CLI and curl."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from central import FILE
from program import SCRIPTS
from recorder import DIGEST, ECR, builds, image, option, pushes

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


def script(folder):
    """The script that the phases share, as the buildspec's first command writes it."""
    spec = yaml.safe_load(FILE.read_text())
    [command] = spec["phases"]["install"]["commands"]
    # A setting of the phase for temporary files, which may be in the checkout, is ignored.
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(folder)}
    first_command = ["bash", "-euc", f'{command}\nprintf %s "$SLIPWAY_WORK"']
    work = Path(subprocess.run(first_command, check=True, env=environment, cwd=folder, capture_output=True, text=True).stdout)
    assert list(folder.iterdir()) == [] and work.parent == Path("/tmp")
    file = folder / "slipway.sh"
    shutil.move(work / file.name, file)
    work.rmdir()
    return file


def test_shellcheck_finds_nothing(tmp_path):
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


def test_hostile_values_are_single_arguments_and_never_run(central, made, repository):
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
def test_hostile_tags_targets_and_paths_reach_docker_which_refuses_them(central, made, repository, hostile):
    url = repository("", Dockerfile="FROM scratch")
    ended = central.build(url, [image(tags=[hostile], target=hostile)], {"SLIPWAY_REGISTRY": "r.test"})
    [call] = builds(made(ended))
    assert (option(call, "--tag"), option(call, "--target")) == ([f"r.test/team/app:{hostile}"], [hostile])
    for part in ("context", "dockerfile"):
        ended = central.build(url, [image(**{part: hostile})], {"SLIPWAY_REGISTRY": "r.test"})
        assert not builds(made(ended)) and not ended.succeeded
        assert len(ended.errors) == 1 and "owned" not in ended.log.replace("touch owned", "")


def test_a_zero_byte_does_not_split_an_argument(central, made, repository):
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


def test_the_credentials_of_the_role_come_as_build_arguments_or_as_a_secret(central, made, kept, repository):
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
def test_a_missing_setting_is_named(central, made, repository, variables, error):
    given = {"SLIPWAY_REGISTRY": "r.test", "SLIPWAY_IMAGES": json.dumps([image()])} | variables
    ended = central.build(repository("", Dockerfile="FROM scratch"), None, given)
    assert (ended.succeeded, ended.errors) == (error is None, [error] if error else [])
    if error:
        assert ended.phases["PRE_BUILD"] == "FAILED" and "BUILD" not in ended.phases and not builds(made(ended))


def test_a_build_without_images_builds_nothing_and_needs_no_docker(central, made, repository):
    for images in (None, []):
        ended = central.build(repository(""), images, {"ENGINE": "none"})
        assert (ended.succeeded, ended.results, made(ended)) == (True, [], [])
        assert "slipway: the job asks for no images: there is nothing to build" in ended.log
