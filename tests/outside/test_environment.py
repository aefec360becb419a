"""The AWS settings in the environment (region, credentials, endpoint): what is missing is reported in one line with advice."""

import http.server
import threading

import pytest

from program import environment, slipway

QUEUE = "https://sqs.eu-west-1.amazonaws.com/123456789012/slipway-jobs"
NO_KEYS = ("AWS_ACCESS", "AWS_SECRET", "AWS_EC2")


def without(variables, *names):
    return {name: value for name, value in variables.items() if not name.startswith(names)}


def test_an_endpoint_on_this_machine_needs_neither_credentials_nor_a_region(local, repository, unique):
    variables = without(environment(local.cloud.url), "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCESS", "AWS_SECRET", "AWS_EC2")
    answer = slipway("submit", "--url", repository(), "--id", unique, "--follow", variables=variables)
    assert answer.returncode == 0 and "builds alone" not in answer.stderr, answer.stderr


class Web(http.server.BaseHTTPRequestHandler):
    """A web server that is not AWS."""

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        # A process asks an instance's metadata service for a token first.
        by_name = self.headers["host"].startswith("localhost")
        self.send_response(403 if self.path.startswith("/latest/") else 502 if by_name else 200)
        body = b"<html><body>Welcome</body></html>"
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def web():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    "lacks, variables, queue, words",
    [
        (("AWS_REGION", "AWS_DEFAULT_REGION"), {}, QUEUE, ["AWS_REGION: no region: set AWS_REGION"]),
        ((), {"AWS_REGION": "eu_west_1"}, QUEUE, ['AWS_REGION = "eu_west_1": must be a region']),
        (("AWS_SECRET",), {}, QUEUE, ["AWS_SECRET_ACCESS_KEY: is missing beside AWS_ACCESS_KEY_ID"]),
        (("AWS_ACCESS",), {}, QUEUE, ["AWS_ACCESS_KEY_ID: is missing beside AWS_SECRET_ACCESS_KEY"]),
        (NO_KEYS, {"AWS_PROFILE": "nope"}, QUEUE, ['AWS_PROFILE = "nope": no such profile in ~/.aws/config']),
        (("AWS_ACCESS", "AWS_SECRET"), {}, QUEUE, ["no credentials: neither the environment (AWS_ACCESS_KEY_ID", "set one of them up"]),
        (NO_KEYS, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:{web}"}, QUEUE, ["metadata service (IMDS) gives none: ", "role"]),
        (NO_KEYS, {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:1"}, QUEUE, ["Ec2InstanceMetadata: Connection refused", "set one of them up"]),
        ((), {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, None, ["no answer from http://127.0.0.1:1: ", "check AWS_ENDPOINT_URL,"]),
        ((), {"AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1"}, QUEUE, ["no answer from http://127.0.0.1:1: ", "check AWS_ENDPOINT_URL_SQS,"]),
        ((), {"AWS_ENDPOINT_URL": "https://127.0.0.1:{web}"}, QUEUE, ["no answer from https://127.0.0.1:", "AWS_ENDPOINT_URL must begin with http://"]),
        ((), {"AWS_ENDPOINT_URL": "https://sqs.invalid"}, QUEUE, ["no answer from https://sqs.invalid: ", "check AWS_ENDPOINT_URL,"]),
        ((), {"AWS_ENDPOINT_URL": "http://127.0.0.1:{web}"}, QUEUE, ["is not AWS (status 200, text/html); check AWS_ENDPOINT_URL"]),
        ((), {"AWS_ENDPOINT_URL": "http://localhost:{web}"}, QUEUE, ["at http://localhost:", "is not AWS (status 502, text/html); check AWS_ENDPOINT_URL"]),
        ((), {"AWS_ENDPOINT_URL": "{local}"}, "{local}/000000000000/gone", ["queue gone, account 000000000000, region us-east-1", "check its name"]),
        ((), {"AWS_ENDPOINT_URL": "{local}"}, QUEUE + "-gone", ["it is in eu-west-1, and us-east-1 is called: set AWS_REGION=eu-west-1"]),
    ],
)
def test_a_setting_that_the_environment_lacks_is_one_line_with_advice(lacks, variables, queue, words, web, cloud):
    fill = {"web": web, "local": cloud.url}
    variables = without(environment(), *lacks) | {name: value.format(**fill) for name, value in variables.items()}
    where = ["--queue-url", queue.format(**fill)] if queue else []
    answer = slipway("submit", *where, "--url", "https://github.com/acme/app", variables=variables)
    lines = answer.stderr.splitlines()
    # What is wrong with the environment follows a line that says so.
    assert (answer.returncode, answer.stdout, len(lines)) in [(1, "", 1), (78, "", 2)], answer.stderr
    assert [word for word in words if word not in lines[-1]] == [], answer.stderr


@pytest.mark.parametrize("what", ["app-1", "slipway:0f3c1a2b-4d5e-6f70-8192-a3b4c5d6e7f8"])
def test_a_server_that_is_not_aws_is_reported_alike_for_every_service(what, web):
    for host, status in (("127.0.0.1", 200), ("localhost", 502)):
        answer = slipway("logs", what, variables=environment(f"http://{host}:{web}"))
        end = f"what answers at http://{host}:{web} is not AWS (status {status}, text/html); check AWS_ENDPOINT_URL\n"
        assert answer.returncode == 3 and answer.stderr.endswith(end), answer


def test_a_missing_project_is_reported_with_what_to_check(cloud):
    answer = slipway("logs", "app-1", "--project", "gone", variables=environment(cloud.url))
    assert answer.returncode == 3 and "(project gone, region us-east-1; check its name, AWS_REGION" in answer.stderr, answer


def test_an_endpoint_without_a_scheme_is_reported_even_if_no_deployment_is_named():
    answer = slipway("submit", "--url", "https://github.com/acme/app", variables=environment() | {"AWS_ENDPOINT_URL": "127.0.0.1:4566"})
    assert answer.returncode == 64 and 'AWS_ENDPOINT_URL = "127.0.0.1:4566": must begin with http://' in answer.stderr, answer


def test_an_empty_endpoint_is_reported_with_its_variable():
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SQS"):
        answer = slipway("submit", "--queue-url", QUEUE, "--url", "https://github.com/acme/app", variables=environment() | {name: ""})
        [line] = answer.stderr.splitlines()[1:]
        assert answer.returncode == 78 and line.startswith(f'  {name} = "": is empty: unset it'), answer
