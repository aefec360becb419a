"""Runs the commands in the documents."""

import os
import re
import subprocess

from program import ROOT, SCRIPTS, environment


def commands(document, word):
    """The block of commands of a document that contains a word. There is exactly one."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", (ROOT / document).read_text(), re.M | re.S)
    [block] = [block for block in blocks if word in block]
    return block


def run(text, cloud, folder, **variables):
    """Runs commands with the AWS CLI against an endpoint, and returns their output."""
    # Version 1 of the CLI ignores AWS_ENDPOINT_URL for SQS.
    (folder / "aws").write_text(f"#!/bin/sh\nexec '{SCRIPTS / 'aws'}' --endpoint-url \"$AWS_ENDPOINT_URL\" \"$@\"\n")
    (folder / "aws").chmod(0o755)
    variables = environment(cloud.url, PATH=f"{folder}:{os.environ['PATH']}", **variables)
    script = f"set -euo pipefail\n{text}"
    shell = subprocess.run(["bash", "-c", script], env=variables, capture_output=True, text=True, timeout=120, check=False)
    assert shell.returncode == 0, shell.stderr
    return shell.stdout
