"""Insecure settings of the deployments, by checkov."""

import functools
import json

from checker import run
from policy import DEPLOY


@functools.cache
def reports():
    """The reports of checkov, which downloads nothing here, on Terraform and CloudFormation. One run, because its start takes longest."""
    answer = run("checkov", "--directory", DEPLOY, "--framework", "terraform", "cloudformation", "--skip-download", "-o", "json")
    return {report["check_type"]: report for report in json.loads(answer.stdout)}


def nothing_insecure(framework):
    """checkov could read everything, and found nothing other than what is excused in its place."""
    report = reports()[framework]
    found = [f"{check['check_id']} {check['resource']}: {check['check_name']}" for check in report["results"]["failed_checks"]]
    summary = report["summary"]
    assert found == [] and summary["parsing_errors"] == 0 and summary["passed"] > 20
    unexcused = [check["resource"] for check in report["results"]["skipped_checks"] if not check["check_result"]["suppress_comment"].strip()]
    assert unexcused == []
