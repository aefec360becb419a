"""What docs/security.md says of the code is what the code does."""

import re
import urllib.error
import urllib.request

import pytest

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
    [families] = re.findall(r"const OBEYED_FAMILIES: .*? = \[(.*?)\];", source, re.S)
    prefixes = {"CODEBUILD", "SLIPWAY", "AWS_"} | set(re.findall(r'"(\w+)"', families))
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


@pytest.mark.parametrize("headers", [{"Origin": "https://page.example"}, {"Host": "page.example:4566"}])
def test_a_web_page_cannot_use_local_modes_endpoint(local, headers):
    form = b"Action=ListTopics&Version=2010-03-31"
    plain = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Credential=x/20260101/us-east-1/sns/aws4_request"}

    def status(more):
        try:
            return urllib.request.urlopen(urllib.request.Request(local.cloud.url, form, plain | more), timeout=10).status
        except urllib.error.HTTPError as error:
            return error.code

    assert (status({}), status(headers)) == (200, 403)
