"""The classes of errors against AWS's own models, as botocore has them: every error that a model names for an operation used here, and every
one that botocore tries again, has a row in tests/errors/classes.tsv, which src/aws/error/class.rs is held to."""

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
    """Codes as they come over the wire, with the operation that may answer so."""
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


def test_what_botocore_takes_for_throttling_or_passing_is_classified_so():
    known = classes()
    throttled = set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)
    passing = set(TransientRetryableChecker._TRANSIENT_ERROR_CODES)
    # botocore has both of these among the throttles; nobody is too fast there.
    slow = {"TransactionInProgressException", "PriorRequestNotComplete"}
    assert {code: known.get(code) for code in throttled - slow} == dict.fromkeys(throttled - slow, "throttled")
    assert {code: known.get(code) for code in passing | slow} == dict.fromkeys(passing | slow, "transient")
