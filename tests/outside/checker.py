"""Programs of others that check what is deployed. `tests/prepare` installs them, apart from the tests' own environment, for their pins
of libraries do not go together."""

import os
import subprocess

import pytest

from program import ROOT, SCRIPTS

CHECKERS = SCRIPTS.parent / "checkers" / "bin"
PIP = "tests/prepare installs it, from tests/outside/requirements-deploy.txt"


def lacking(reason):
    """Skips the test, which lacks something; in CI, where everything is installed, it fails."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def there(program, remedy=PIP):
    """The program, where it is installed."""
    if not os.access(program, os.X_OK):
        lacking(f"{program} is not there: {remedy}")
    return program


def run(program, *arguments, remedy=PIP, **variables):
    """What a checker says: the path of one, or the name of a Python one."""
    program = there(CHECKERS / program, remedy)
    variables = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **variables}
    command = [program, *map(str, arguments)]
    return subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def check(program, *arguments, **more):
    """What a checker says that finds nothing wrong."""
    done = run(program, *arguments, **more)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checkov(framework, file, *skipped):
    """Everything that checkov knows, without asking anyone; `skipped` are the rules that are not followed."""
    skips = ["--skip-check", ",".join(skipped)] if skipped else []
    check("checkov", "--skip-download", "--quiet", "--compact", "--framework", framework, *skips, "--file", file)
