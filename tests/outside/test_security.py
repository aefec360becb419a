"""The code does what docs/security.md says."""

import re
import urllib.error
import urllib.request

import pytest

from cloud import job
from program import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def test_the_files_that_the_security_page_names_exist():
    named = set(re.findall(r"`([\w.-]+/[\w./-]*)`", PAGE))
    assert len(named) > 5
    # Revisions are named too.
    assert sorted(name for name in named if not (ROOT / name).exists()) == ["pr/", "pr/25", "refs/pull/"]


def test_the_variables_that_the_security_page_excludes_are_refused(local, repository, unique):
    [refused] = re.findall(r"^(Variables of a job may not.+?)\(`src/job", PAGE, re.M | re.S)
    names = re.findall(r"`([A-Z_0-9]+)(\*?)`", refused)
    source = (ROOT / "src" / "job" / "variable.rs").read_text()
    obeyed = "".join(re.findall(r"const OF_THE_\w+: .*? = \[(.*?)\];", source, re.S))
    [families] = re.findall(r"const FAMILIES: .*? = \[(.*?)\];", source, re.S)
    prefixes = {"CODEBUILD", "SLIPWAY", "AWS_"} | set(re.findall(r'"(\w+)"', families))
    assert {name for name, star in names if not star} == set(re.findall(r'"(\w+)"', obeyed))
    assert {name for name, star in names if star} == prefixes
    env = [{"name": name + ("X" if star else ""), "value": "x"} for name, star in names]
    local.cloud.send(job(unique, repository(), env=env))
    problems = local.subscriber.event(f"{unique}/rejected")["data"]["problems"]
    assert {problem["path"] for problem in problems} == {f"/env/{at}/name" for at in range(len(env))}


def test_the_buildspec_of_a_repository_gets_the_variables_of_a_job_by_name(local, repository, unique):
    buildspec = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo \"lines <$PYTHONPATH>\"\n"
    env = [{"name": "PYTHONPATH", "value": "first\n\tsecond"}, {"name": "NODE_OPTIONS", "value": ""}]
    local.cloud.send(job(unique, repository(buildspec), env=env))
    data = local.subscriber.event(f"{unique}/finished")["data"]
    assert data["status"] == "succeeded" and "lines <first\n\tsecond>" in data["log"]["excerpt"]


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


def test_each_row_of_the_security_table_names_existing_tests():
    rows = [row for row in PAGE.splitlines() if row.startswith("| ") and row.endswith(" |") and not row.startswith("| ---")]
    at = next(at for at, row in enumerate(rows) if row.endswith("| test |"))
    table = [row for row in rows[at + 1 :] if len(re.findall(r" \| ", row)) == 3]
    assert len(table) > 20
    sources = [*(ROOT / "tests/outside").glob("test_*.py"), *(ROOT / "tests").glob("it/*.rs")]
    sources += [path for folder in ("src", "crates") for path in (ROOT / folder).rglob("*.rs")]
    text = "\n".join(path.read_text() for path in sources)
    there = set(re.findall(r"^def (test_\w+)\(", text, re.M)) | set(re.findall(r"#\[(?:tokio::)?test[^\n]*\]\s+(?:async )?fn (\w+)\(", text))
    # Some functions have an attribute in between.
    there |= set(re.findall(r"#\[(?:tokio::)?test[^\n]*\]\s+#\[[^\n]*\]\s+(?:async )?fn (\w+)\(", text))
    for row in table:
        named = re.findall(r"`(\w+)`", row.split(" | ")[3])
        assert named and set(named) <= there, row
