"""What is in .github: the shapes that GitHub takes, no known weakness, and nothing named that is not there."""

import re
import subprocess
import tomllib

import pytest
import yaml

from checker import CHECKERS, check
from program import ROOT

FOLDER = ROOT / ".github"
WORKFLOWS = sorted((FOLDER / "workflows").glob("*.yml"))
RELEASE = (ROOT / ".ci" / "release").read_text()


@pytest.mark.parametrize("file", [*WORKFLOWS, FOLDER / "dependabot.yml"], ids=lambda file: file.name)
def test_a_file_has_the_shape_that_github_takes(file):
    schema = "vendor.dependabot" if file.name == "dependabot.yml" else "vendor.github-workflows"
    check(CHECKERS / "check-jsonschema", "--builtin-schema", schema, file)


def test_no_workflow_has_a_known_weakness():
    """Actions that can be moved, rights that are not needed, text of others in a shell's line."""
    check(CHECKERS / "zizmor", "--offline", "--no-progress", FOLDER)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_runs_what_is_there(file):
    steps = [step for job in yaml.safe_load(file.read_text())["jobs"].values() for step in job["steps"]]
    scripts = [script for step in steps for script in re.findall(r"^(\.ci/\w+)", step.get("run", ""), re.M)]
    assert scripts and all((ROOT / script).stat().st_mode & 0o100 for script in scripts), scripts


def test_workflows_build_with_the_compiler_of_the_image():
    [image] = re.findall(r"^ARG RUST=docker\.io/library/rust:([\d.]+)-", (ROOT / "Dockerfile").read_text(), re.M)
    for file in WORKFLOWS:
        assert set(re.findall(r"docker\.io/library/rust:([\d.]+)-", file.read_text())) == {image}, file


def test_the_debian_package_has_files_that_are_there_or_that_the_release_makes():
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["metadata"]["deb"]
    for source, _, _ in package["assets"]:
        made = source.startswith("target/") and source.split("/")[-1].split(".")[0] == "slipway"
        assert made or (ROOT / source).is_file(), source
    assert (ROOT / package["systemd-units"]["unit-scripts"] / "slipway.service").is_file()
    shells = {source.split(".")[-1] for source, _, _ in package["assets"] if source.startswith("target/package/")}
    assert shells == set(re.search(r"^for shell in (.*);", RELEASE, re.M)[1].split())


def test_a_release_must_have_cargos_version():
    refused = subprocess.run([ROOT / ".ci" / "release", "9.9.9"], capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 1 and "Cargo.toml is not 9.9.9" in refused.stderr
