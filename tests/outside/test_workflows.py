"""The files in .github: valid for GitHub, without known weaknesses, and without names that do not exist."""

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
def test_a_file_is_valid_for_github(file):
    schema = "vendor.dependabot" if file.name == "dependabot.yml" else "vendor.github-workflows"
    check(CHECKERS / "check-jsonschema", "--builtin-schema", schema, file)


def test_no_workflow_has_a_known_weakness():
    """Actions without a fixed version, permissions that are not needed, other people's text in a shell command."""
    check(CHECKERS / "zizmor", "--offline", "--no-progress", FOLDER)


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_workflow_runs_existing_files(file):
    steps = [step for job in yaml.safe_load(file.read_text())["jobs"].values() for step in job["steps"]]
    scripts = [script for step in steps for script in re.findall(r"^(\.ci/\w+)", step.get("run", ""), re.M)]
    assert scripts and all((ROOT / script).stat().st_mode & 0o100 for script in scripts), scripts


def test_workflows_build_with_the_compiler_of_the_image():
    [image] = re.findall(r"^ARG RUST=docker\.io/library/rust:([\d.]+)-", (ROOT / "Dockerfile").read_text(), re.M)
    for file in WORKFLOWS:
        assert set(re.findall(r"docker\.io/library/rust:([\d.]+)-", file.read_text())) == {image}, file


def test_the_files_of_the_debian_package_exist_or_are_made_by_the_release():
    package = tomllib.loads((ROOT / "Cargo.toml").read_text())["package"]["metadata"]["deb"]
    for source, _, _ in package["assets"]:
        made = source in ("target/release/slipway", "target/package/man/*.1") or source.startswith("target/package/slipway.")
        assert made or (ROOT / source).is_file(), source
    assert (ROOT / package["systemd-units"]["unit-scripts"] / "slipway.service").is_file()
    shells = {source.split(".")[-1] for source, _, _ in package["assets"] if source.startswith("target/package/slipway.")}
    assert shells == set(re.search(r"^for shell in (.*);", RELEASE, re.M)[1].split())


def test_a_release_must_have_the_version_in_cargo_toml():
    refused = subprocess.run([ROOT / ".ci" / "release", "9.9.9"], capture_output=True, text=True, timeout=30, check=False)
    assert refused.returncode == 1 and "Cargo.toml is not 9.9.9" in refused.stderr
