"""Runs the tests of SQS with a client from before its JSON protocol: the answers in the query protocol are the same."""

import os
import subprocess

from checker import there
from program import ROOT, SCRIPTS, SLIPWAY, environment

PYTHON = SCRIPTS.parent / "old" / "bin" / "python"


def test_an_old_client_sees_the_same_queues():
    python = there(PYTHON, "tests/prepare makes it, from tests/outside/requirements-old.txt")
    speaks = "import botocore.session as s; print(s.get_session().get_service_model('sqs').protocol)"
    done = subprocess.run([python, "-c", speaks], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "query\n"
    command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/outside/test_sqs.py"]
    variables = environment(SLIPWAY=SLIPWAY, TMPDIR=os.environ.get("TMPDIR", "/tmp"))
    done = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
