"""The manifests: valid for Kubernetes, as strict as checkov demands, and consistent with the daemon that they start."""

import re
import shutil
import tomllib

import jsonschema
import pytest
import yaml

from checker import check, checkov
from grace import last_calls, seconds
from program import ROOT, slipway

FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ["example", "example-keda"]
# The example's image has a readable tag, where a digest would be better. A fixed tag needs no pull at each start.
OTHERWISE = ["CKV_K8S_43", "CKV_K8S_15"]
# KEDA's own kinds, as far as they are used here, by its documentation of ScaledObject, TriggerAuthentication and the aws-sqs-queue trigger.
# kubernetes-validate knows only the kinds of Kubernetes.
TEXT, WHOLE = {"type": "string"}, {"type": "integer", "minimum": 0}
NAMED = {"type": "object", "required": ["name"], "properties": {"name": TEXT}, "additionalProperties": False}


def exactly(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties, "additionalProperties": False}


SQS = exactly(
    "queueURL awsRegion",
    **dict.fromkeys(("queueURL", "awsRegion", "queueLength", "activationQueueLength", "awsEndpoint"), TEXT),
    # All values of a trigger are strings, whatever they look like.
    **dict.fromkeys(("scaleOnInFlight", "scaleOnDelayed"), {"enum": ["true", "false"]}),
)
KEDA = {
    "ScaledObject": exactly(
        "scaleTargetRef triggers",
        scaleTargetRef=NAMED,
        **dict.fromkeys(("minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod"), WHOLE),
        triggers={
            "type": "array",
            "items": exactly("type metadata authenticationRef", type={"const": "aws-sqs-queue"}, metadata=SQS, authenticationRef=NAMED),
        },
    ),
    "TriggerAuthentication": exactly("podIdentity", podIdentity=exactly("provider", provider={"const": "aws"}, roleArn=TEXT)),
}


def built(overlay):
    """The output of kustomize for a folder."""
    return list(yaml.safe_load_all(check("kubectl", "kustomize", FOLDER / overlay)))


def one(objects, kind):
    [found] = [thing for thing in objects if thing["kind"] == kind]
    return found


@pytest.fixture(scope="module", params=OVERLAYS)
def objects(request):
    return built(request.param)


@pytest.fixture(scope="module")
def pod(objects):
    return one(objects, "Deployment")["spec"]["template"]["spec"]


@pytest.fixture(scope="module")
def config(objects):
    return one(objects, "ConfigMap")["data"]["slipway.toml"]


def keda(things):
    return [thing for thing in things if thing["apiVersion"].startswith("keda.sh/")]


def validate(things, folder):
    file = folder / "manifests.yaml"
    file.write_text(yaml.safe_dump_all([thing for thing in things if thing not in keda(things)]))
    check("kubernetes-validate", "--strict", "--no-warn", file)
    for thing in keda(things):
        assert thing["apiVersion"] == "keda.sh/v1alpha1"
        jsonschema.validate(thing["spec"], KEDA[thing["kind"]])


@pytest.mark.parametrize("file", sorted(FOLDER.rglob("*.yaml")), ids=lambda file: f"{file.parent.name}/{file.name}")
def test_every_manifest_is_valid_and_used(file, tmp_path):
    things = list(yaml.safe_load_all(file.read_text()))
    if file.name == "kustomization.yaml":
        [kustomization] = things
        for name in kustomization["resources"] + kustomization.get("components", []):
            assert (file.parent / name).exists(), name
        beside = {other.name for other in file.parent.glob("*.yaml")} - {file.name}
        assert beside <= set(kustomization["resources"]), "the manifest is not listed"
    else:
        validate(things, tmp_path)


def test_the_output_of_kustomize_is_valid(objects, tmp_path):
    validate(objects, tmp_path)


def test_checkov_finds_nothing(tmp_path):
    file, things = tmp_path / "manifests.yaml", built("example-keda")
    file.write_text(yaml.safe_dump_all(things))
    checkov("kubernetes", file, *OTHERWISE)
    [container] = one(things, "Deployment")["spec"]["template"]["spec"]["containers"]
    container["securityContext"]["readOnlyRootFilesystem"] = False
    file.write_text(yaml.safe_dump_all(things))
    with pytest.raises(AssertionError, match="CKV_K8S_22"):
        checkov("kubernetes", file, *OTHERWISE)


def test_there_is_never_more_than_one_daemon(objects):
    spec = one(objects, "Deployment")["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    if keda(objects):
        assert "replicas" not in spec, "KEDA sets the number of replicas"
        assert one(objects, "ScaledObject")["spec"]["maxReplicaCount"] == 1
    else:
        assert spec["replicas"] == 1


def test_keda_counts_the_messages_of_running_builds(config):
    objects = built("example-keda")
    [trigger] = one(objects, "ScaledObject")["spec"]["triggers"]
    assert trigger["metadata"]["scaleOnInFlight"] == "true"
    assert trigger["metadata"]["queueURL"] == tomllib.loads(config)["queues"][0]["url"]
    assert trigger["authenticationRef"]["name"] == one(objects, "TriggerAuthentication")["metadata"]["name"]
    assert one(objects, "ScaledObject")["spec"]["scaleTargetRef"]["name"] == one(objects, "Deployment")["metadata"]["name"]


def test_the_configuration_is_valid_and_the_pod_waits_for_the_drain(pod, config, tmp_path):
    file = tmp_path / "slipway.toml"
    # The path in the image.
    file.write_text(config.replace("/usr/share/slipway/buildspec.yml", str(ROOT / "deploy" / "buildspec.yml")))
    answer = slipway("check", "--config", file)
    assert answer.returncode == 0, answer.stderr
    grace = seconds(tomllib.loads(config)["shutdown"]["grace"])
    assert pod["terminationGracePeriodSeconds"] > grace + last_calls()


def test_the_probes_and_the_network_policy_use_the_daemons_port(objects, pod, config):
    address, _, port = tomllib.loads(config)["http"]["listen"].rpartition(":")
    [container] = pod["containers"]
    [listening] = container["ports"]
    assert (address, int(port)) == ("0.0.0.0", listening["containerPort"])
    pages = {name: container[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {page["port"] for page in pages.values()} == {listening["name"]}
    assert {name: page["path"] for name, page in pages.items()} == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    policy = one(objects, "NetworkPolicy")["spec"]
    assert [rule["ports"] for rule in policy["ingress"]] == [[{"protocol": "TCP", "port": int(port)}]]
    annotations = one(objects, "Deployment")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == port


def test_only_dns_and_https_are_allowed_outgoing(objects):
    deployment, policy = one(objects, "Deployment")["spec"], one(objects, "NetworkPolicy")["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    for selector in (deployment["selector"], policy["podSelector"]):
        assert selector["matchLabels"].items() <= labels.items() and selector["matchLabels"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    names, https = policy["egress"]
    assert {(port["protocol"], port["port"]) for port in names["ports"]} == {("UDP", 53), ("TCP", 53)}
    [resolver] = names["to"]
    assert resolver["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}, "labels of the cluster itself"
    assert https["ports"] == [{"protocol": "TCP", "port": 443}]
    [block] = https["to"]
    assert block["ipBlock"]["except"] == ["169.254.0.0/16"]


def test_the_api_is_deployed_as_the_readme_says(tmp_path):
    """The patch in the README and the example, the names in its secret, and the configuration in its comment."""
    deploy = tmp_path / "deploy"
    shutil.copytree(FOLDER, deploy / "kubernetes")
    readme = (FOLDER / "README.md").read_text()
    [patch] = re.findall(r"^```yaml\n(.*?)^```$", readme, re.M | re.S)
    kustomization = deploy / "kubernetes" / "example" / "kustomization.yaml"
    kustomization.write_text(kustomization.read_text() + patch)
    things = list(yaml.safe_load_all(check("kubectl", "kustomize", kustomization.parent)))
    validate(things, tmp_path)
    spec = one(things, "Deployment")["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert {mount["mountPath"] for mount in container["volumeMounts"]} == {"/etc/slipway", "/run/secrets/slipway"}
    [secret] = [volume["secret"]["secretName"] for volume in spec["volumes"] if "secret" in volume]
    [created, *files] = re.search(r"create secret generic (\S+) --from-file=(\S+) --from-file=(\S+)", readme).groups()
    assert secret == created
    # The configuration with the lines of its comment.
    text = one(things, "ConfigMap")["data"]["slipway.toml"]
    tokens = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    assert [line.split("/")[-1].strip('"') for line in tokens[1:]] == files
    config = text.replace("api = false", "api = true") + "\n" + "\n".join(tokens) + "\n"
    config = config.replace("/usr/share/slipway/buildspec.yml", str(ROOT / "deploy" / "buildspec.yml")).replace("/run/secrets/slipway", str(tmp_path))
    for name in files:
        (tmp_path / name).write_text(f"{'0123456789abcdef' * 4}{name}\n")
    file = tmp_path / "slipway.toml"
    file.write_text(config)
    answer = slipway("check", "--config", file)
    assert answer.returncode == 0, answer.stderr


def test_the_manifests_use_the_image_of_the_dockerfile(pod):
    dockerfile = (ROOT / "Dockerfile").read_text()
    [user] = re.findall(r"^USER (\d+):\d+$", dockerfile, re.M)
    assert pod["securityContext"]["runAsUser"] == int(user)
    [container] = pod["containers"]
    # Only arguments: the entry point is that of the image.
    assert "command" not in container and container["args"][0] == "run"
    [mount] = container["volumeMounts"]
    assert f"SLIPWAY_CONFIG={mount['mountPath']}/slipway.toml" in dockerfile
    [volume] = pod["volumes"]
    assert volume["configMap"]["name"].startswith("slipway-"), "the name has the hash of its content"
