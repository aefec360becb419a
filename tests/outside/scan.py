"""What checkov, which knows insecure settings, says of the deployments."""

import functools
import json

from checker import run
from policy import DEPLOY


@functools.cache
def reports():
    """What checkov, which downloads nothing here, says of Terraform and of CloudFormation: one run, for its start takes longest."""
    answer = run("checkov", "--directory", DEPLOY, "--framework", "terraform", "cloudformation", "--skip-download", "-o", "json")
    return {report["check_type"]: report for report in json.loads(answer.stdout)}


def nothing_insecure(framework):
    """Nothing is found but what is excused in its place, and everything could be read."""
    report = reports()[framework]
    found = [f"{check['check_id']} {check['resource']}: {check['check_name']}" for check in report["results"]["failed_checks"]]
    summary = report["summary"]
    assert found == [] and summary["parsing_errors"] == 0 and summary["passed"] > 20
    unexcused = [check["resource"] for check in report["results"]["skipped_checks"] if not check["check_result"]["suppress_comment"].strip()]
    assert unexcused == []
