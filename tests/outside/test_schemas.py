"""The JSON Schemas with the tools of their users: a strict validator, and generators of types."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
DOCS = HERE.parent.parent / "docs"
NAMES = ["job", "event", "config"]

if shutil.which("npm") is None:
    pytest.skip("Node.js is not installed", allow_module_level=True)


def schema(name):
    return DOCS / "schemas" / f"{name}.schema.json"


def examples():
    messages = yaml.safe_load((DOCS / "asyncapi.yaml").read_text())["components"]["messages"]
    return {name: [example["payload"] for example in message["examples"]] for name, message in messages.items()}


@pytest.fixture(scope="module")
def check(tmp_path_factory):
    """Runs the program in check.mjs on a schema and documents."""
    folder = tmp_path_factory.mktemp("schemas")
    for file in ("package.json", "package-lock.json", "check.mjs"):
        shutil.copy(HERE / "schemas" / file, folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, capture_output=True, timeout=300)

    def run(name, documents=()):
        command = ["node", "check.mjs", str(schema(name))]
        done = subprocess.run(command, cwd=folder, input=json.dumps(list(documents)), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "unknown format" not in done.stderr and "strict mode" not in done.stderr, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("name", NAMES)
def test_a_strict_validator_compiles_the_schema(check, name):
    assert check(name)["types"]


def test_a_strict_validator_accepts_the_examples_and_distinguishes_the_types(check):
    of = examples()
    kinds = ["queued", "started", "finished", "rejected"]
    events = [event for kind in kinds for event in of[kind]]
    assert all(check("event", events)["valid"])
    wrong = []
    for kind in kinds:
        for other in kinds:
            event = json.loads(json.dumps(of[kind][0])) | {"type": f"slipway.job.{other}"}
            # The full details fit no type with fewer fields.
            if other in {"started", "finished", "rejected"} and other != kind and not (kind == "finished" and other == "started"):
                wrong.append(event)
    late = json.loads(json.dumps(of["finished"][0])) | {"time": "yesterday"}
    assert not any(check("event", [*wrong, late])["valid"])
    assert all(check("job", of["job"] + of["cancel"])["valid"])
    assert check("job", [{"version": 1}])["valid"] == [False]


def test_a_strict_validator_demands_the_fields_of_each_status(check):
    finished = examples()["finished"][0]
    failure = {"kind": "build", "message": "make failed"}
    have = {"attempt": 1, "reason": "by hand", "superseded_by": "app-2", "failure": failure}
    of = {
        "succeeded": ["attempt", "build", "log"],
        "failed": ["failure"],
        "timed_out": ["failure"],
        "errored": ["failure"],
        "cancelled": ["reason"],
        "superseded": ["reason", "superseded_by"],
        "one_of_tomorrow": [],
    }
    right, wrong = [], []
    for status, names in of.items():
        data = {name: finished["data"].get(name) or have[name] for name in names}
        always = {name: finished["data"][name] for name in ("version", "job", "timings")} | {"status": status}
        right.append(finished | {"data": always | data})
        wrong += [finished | {"data": always | {key: value for key, value in data.items() if key != name}} for name in names]
    assert all(check("event", right)["valid"])
    assert len(wrong) == 9 and not any(check("event", wrong)["valid"])


def test_typescript_has_one_type_for_each_type_of_event(check):
    types = check("event")["types"]
    for name in ("QueuedEvent", "StartedEvent", "FinishedEvent", "RejectedEvent"):
        assert f"export interface {name} " in types
    assert 'type: "slipway.job.finished"' in types
    assert "\n  status: " in types and "\n  timings: " in types, "required fields are not optional"


@pytest.mark.parametrize("name", ["job", "event"])
def test_python_types_read_the_examples(name, tmp_path, monkeypatch):
    module = f"slipway_{name}"
    generator = Path(sys.executable).parent / "datamodel-codegen"
    command = [generator, "--input", schema(name), "--input-file-type", "jsonschema", "--output", tmp_path / f"{module}.py"]
    command += ["--output-model-type", "pydantic_v2.BaseModel", "--class-name", "Root", "--disable-timestamp"]
    subprocess.run(command, check=True, capture_output=True, timeout=120, env=os.environ | {"NO_COLOR": "1"})
    monkeypatch.syspath_prepend(tmp_path)
    model = importlib.import_module(module).Root
    of = examples()
    kinds = ["job", "cancel"] if name == "job" else ["queued", "started", "finished", "rejected"]
    for kind in kinds:
        for document in of[kind]:
            read = model.model_validate(document)
            assert json.loads(read.model_dump_json(by_alias=True, exclude_unset=True)).keys() == document.keys()
