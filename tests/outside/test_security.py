"""What docs/security.md says of the code is what the code does."""

import re

from cloud import job
from program import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_the_files_that_it_names_are_there():
    named = set(re.findall(r"`([\w.-]+/[\w./-]*)`", PAGE))
    assert len(named) > 5
    # An image is named too, and a revision.
    assert sorted(name for name in named if not (ROOT / name).exists()) == ["pr/25"]


def test_the_variables_that_it_says_are_refused_are(local, repository, unique):
    [text] = re.findall(r"^(Variables of a job.+?)\n\n", PAGE, re.M | re.S)
    refused, let_through = text.split("**That is a list")
    names = re.findall(r"`([A-Z_0-9]+)(\*?)`", refused)
    source = (ROOT / "src" / "job" / "variable.rs").read_text()
    [obeyed] = re.findall(r"const OBEYED: .*? = \[(.*?)\];", source, re.S)
    prefixes = {"CODEBUILD", "SLIPWAY", "AWS_", "LD_"}
    assert {name for name, star in names if not star} == set(re.findall(r'"(\w+)"', obeyed))
    assert {name for name, star in names if star} == prefixes
    env = [{"name": name + ("X" if star else ""), "value": "x"} for name, star in names]
    local.cloud.send(job(unique, repository(), env=env))
    problems = local.subscriber.event(f"{unique}/rejected")["data"]["problems"]
    assert {problem["path"] for problem in problems} == {f"/env/{at}/name" for at in range(len(env))}
    others = re.findall(r"`([A-Z_0-9]+)`", let_through)
    assert others
    local.cloud.send(job(f"{unique}-others", repository(), env=[{"name": name, "value": "x"} for name in others]))
    assert local.subscriber.event(f"{unique}-others/finished")["data"]["status"] == "succeeded"
