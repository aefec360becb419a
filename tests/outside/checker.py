"""Other projects' programs that check the deployments. `tests/prepare` installs them in an environment of their own, because their library
versions conflict with those of the tests."""

import os
import subprocess

import pytest

from program import ROOT, SCRIPTS

CHECKERS = SCRIPTS.parent / "checkers" / "bin"
PIP = "tests/prepare installs it, from tests/outside/requirements-deploy.txt"


def lacking(reason):
    """Skips a test that lacks something. In CI, where everything is installed, the test fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def there(program, remedy=PIP):
    """The path of a program, if it is installed."""
    if not os.access(program, os.X_OK):
        lacking(f"{program} is not there: {remedy}")
    return program


def run(program, *arguments, remedy=PIP, **variables):
    """The output of a checker. `program`: a path, or the name of a Python program."""
    program = there(CHECKERS / program, remedy)
    variables = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    command = [program, *map(str, arguments)]
    return subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def check(program, *arguments, **more):
    """The output of a checker, which must find nothing."""
    done = run(program, *arguments, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checkov(framework, file, *skipped):
    """The findings of checkov, which needs no network here. `skipped`: the rules that do not apply."""
    skips = ["--skip-check", ",".join(skipped)] if skipped else []
    check("checkov", "--skip-download", "--quiet", "--compact", "--framework", framework, *skips, "--file", file)
