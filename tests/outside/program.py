"""Child processes. Their output is kept, and each is ended by its own process id."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from waiting import until

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target").absolute()
SLIPWAY = os.environ.get("SLIPWAY") or str(TARGET / "debug" / "slipway")
# The programs of this environment: `aws` and `moto_server`.
SCRIPTS = Path(sys.executable).parent
REGION = "us-east-1"


def environment(endpoint=None, **more):
    """The environment of a program: without the machine's AWS settings, and with no service other than the endpoint."""
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": "/nonexistent",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
        "SLIPWAY_LOG_FORMAT": "text",
    }
    if endpoint:
        variables["AWS_ENDPOINT_URL"] = endpoint
    return variables | more


class Program:
    """A program that runs during a test."""

    def __init__(self, folder, name, arguments, variables, **more):
        self.name = name
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self._child = subprocess.Popen(
                arguments, **{"env": variables, "cwd": folder, "stdin": subprocess.DEVNULL, "stdout": out, "stderr": err} | more
            )

    @property
    def output(self):
        return self._out.read_text(errors="replace")

    @property
    def log(self):
        return self._err.read_text(errors="replace")

    @property
    def pid(self):
        return self._child.pid

    def runs(self):
        return self._child.poll() is None

    def says(self, find, what, seconds=30):
        """Waits until `find` finds something in the program's output."""

        def look():
            running = self.runs()
            found = find(self.output + self.log)
            if not found and not running:
                raise AssertionError(f"{self.name} ended with {self._child.returncode} before {what}:\n{self.log}")
            return found

        return until(look, f"{self.name}: {what}", seconds)

    def send(self, number):
        self._child.send_signal(number)

    def code(self, seconds=30):
        """Waits for the end. Returns the exit code, negative for a signal."""
        return self._child.wait(seconds)

    def kill(self):
        """Kills it with SIGKILL."""
        self._child.kill()
        self._child.wait(10)

    def end(self):
        if self.runs():
            self.send(signal.SIGTERM)
            self.send(signal.SIGTERM)
            try:
                self._child.wait(15)
            except subprocess.TimeoutExpired:
                self.kill()


def slipway(*arguments, variables=None, given=None, seconds=60):
    """Runs a command of Slipway to its end."""
    variables = environment() if variables is None else variables
    return subprocess.run(
        [SLIPWAY, *map(str, arguments)], env=variables, input=given, capture_output=True, text=True, timeout=seconds, check=False
    )
