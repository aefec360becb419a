"""The classes of errors against AWS's models in botocore: every modelled error of an operation that is used here, and every error that
botocore retries, must have a row in tests/errors/classes.tsv. src/aws/error/class.rs is tested against that file."""

import csv
import re
from pathlib import Path

import botocore.session
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

ROOT = Path(__file__).parents[2]
OPERATION = re.compile(r'"(sqs|sns|codebuild|logs|sts)\.([A-Z][A-Za-z]+)"')


def classes():
    with open(ROOT / "tests/errors/classes.tsv") as table:
        return {row["code"]: row["class"] for row in csv.DictReader(table, delimiter="\t")}


def modelled():
    """The codes on the wire, with the operations that may answer them."""
    used = {match for path in (ROOT / "src").rglob("*.rs") for match in OPERATION.findall(path.read_text())}
    assert len(used) > 20, used
    loader = botocore.session.get_session()
    for service, operation in sorted(used):
        for shape in loader.get_service_model(service).operation_model(operation).error_shapes:
            yield shape.metadata.get("error", {}).get("code", shape.name), f"{service}.{operation}"


def test_every_error_of_every_operation_used_has_a_class():
    known = classes()
    missing = {(code, operation) for code, operation in modelled() if code not in known}
    assert not missing


def test_errors_that_botocore_retries_are_classified_as_throttled_or_transient():
    known = classes()
    throttled = set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    passing = set(TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    # botocore lists both of these as throttling. Their reason is another.
    slow = {"TransactionInProgressException", "PriorRequestNotComplete"}
    assert {code: known.get(code) for code in throttled - slow} == dict.fromkeys(throttled - slow, "throttled")
    assert {code: known.get(code) for code in passing | slow} == dict.fromkeys(passing | slow, "transient")
