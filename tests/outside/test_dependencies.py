"""deny.toml and Cargo.lock: sources, bans and licences, checked without a build. `cargo deny check`, if it is installed, checks more."""

import functools
import json
import subprocess
import tomllib

import pytest
from license_expression import get_spdx_licensing

from checker import CHECKERS, there
from program import ROOT, TARGET

DENY = tomllib.loads((ROOT / "deny.toml").read_text())
LOCKED = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
LICENSING = get_spdx_licensing()
# The platforms of the program. Cargo.lock has crates for others too, whose sources may not be on this machine.
PLATFORMS = ["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"]


def outside_of(sources, packages):
    """Packages from git or from a registry that is not allowed. The packages of the workspace have no source."""
    allowed = {f"registry+{registry}" for registry in sources["allow-registry"]}
    return [package["name"] for package in packages if package.get("source", next(iter(allowed))) not in allowed]


def number(version):
    return tuple(int(part) for part in version.split("-")[0].split("+")[0].split("."))


def banned(bans, packages):
    """Packages that a ban names, in any version or in those below one."""

    def hits(ban, package):
        assert set(ban) <= {"name", "version", "reason"}, ban
        below = ban.get("version", "<")
        assert below.startswith("<"), f"this test knows no {below}"
        return package["name"] == ban["name"] and (below == "<" or number(package["version"]) < number(below[1:]))

    return [f"{package['name']} {package['version']}" for package in packages if any(hits(ban, package) for ban in bans)]


def licensed(allowed, text):
    """Whether these licences satisfy a licence expression. Some crates still write MIT/Apache-2.0 for a choice."""

    def holds(part):
        if isinstance(part, LICENSING.OR):
            return any(map(holds, part.args))
        if isinstance(part, LICENSING.AND):
            return all(map(holds, part.args))
        return str(part) in allowed

    return text is not None and holds(LICENSING.parse(text.replace("/", " OR "), validate=True))


@functools.cache
def packages(platform):
    """The packages that cargo resolves for a platform, with all features, tests and build scripts."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--all-features", "--filter-platform", platform]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    found = json.loads(answer.stdout)
    used = {node["id"] for node in found["resolve"]["nodes"]}
    return [package for package in found["packages"] if package["id"] in used and package["source"]]


def test_every_package_comes_from_an_allowed_registry():
    assert DENY["sources"]["unknown-registry"] == DENY["sources"]["unknown-git"] == "deny"
    assert len(LOCKED) > 200 and outside_of(DENY["sources"], LOCKED) == []
    assert outside_of(DENY["sources"], [{"name": "a", "source": "git+https://github.com/acme/a#0"}]) == ["a"]


def test_no_package_is_banned():
    assert len(DENY["bans"]["deny"]) > 4 and banned(DENY["bans"]["deny"], LOCKED) == []
    would_be = [{"name": "hyper", "version": "0.14.30"}, {"name": "hyper", "version": "1.7.0"}, {"name": "openssl-sys", "version": "0.9.1"}]
    assert banned(DENY["bans"]["deny"], would_be) == ["hyper 0.14.30", "openssl-sys 0.9.1"]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_every_licence_is_allowed(platform):
    found = {f"{package['name']} {package['version']}": package["license"] for package in packages(platform)}
    assert len(found) > 200
    assert {name: text for name, text in found.items() if not licensed(DENY["licenses"]["allow"], text)} == {}


@pytest.mark.parametrize(
    ("text", "allowed"),
    [("MIT/Apache-2.0", True), ("GPL-3.0-only OR MIT", True), ("MIT AND GPL-3.0-only", False), ("Apache-2.0 WITH LLVM-exception", False), (None, False)],
)
def test_licence_expressions_are_read_correctly(text, allowed):
    assert licensed(["MIT", "Apache-2.0"], text) is allowed


def test_no_dependency_has_a_wildcard_version():
    """Only a dependency by path may have no version, as in `allow-wildcard-paths`."""
    assert DENY["bans"]["wildcards"] == "deny" and DENY["bans"]["allow-wildcard-paths"] is True
    for manifest in [ROOT / "Cargo.toml", *(ROOT / "crates").glob("*/Cargo.toml")]:
        tables = tomllib.loads(manifest.read_text())
        named = [tables.get(kind, {}) for kind in ("dependencies", "dev-dependencies", "build-dependencies")]
        named.append(tables.get("workspace", {}).get("dependencies", {}))
        specs = [spec if isinstance(spec, dict) else {"version": spec} for table in named for spec in table.values()]
        elsewhere = [spec for spec in specs if not {"path", "workspace"} & set(spec)]
        assert "*" not in [spec.get("version", "*") for spec in elsewhere]


def test_the_software_bill_of_materials_is_complete_and_valid(tmp_path):
    """Runs where .ci/sbom has been run before, because building its tool takes minutes."""
    if not (TARGET / "tools/bin/cargo-cyclonedx").is_file():
        pytest.skip(".ci/sbom has not built cargo-cyclonedx here")
    file = tmp_path / "sbom.json"
    answer = subprocess.run([ROOT / ".ci/sbom", file], capture_output=True, text=True, timeout=120, check=False)
    assert answer.returncode == 0, answer.stderr
    program = (
        "import sys; from cyclonedx.schema import SchemaVersion; from cyclonedx.validation.json import JsonStrictValidator;"
        "sys.exit(JsonStrictValidator(SchemaVersion.V1_5).validate_str(open(sys.argv[1]).read()))"
    )
    # checkov has the CycloneDX project's own validator.
    valid = subprocess.run([there(CHECKERS / "python"), "-c", program, file], capture_output=True, text=True, timeout=60, check=False)
    assert valid.returncode == 0, valid.stderr
    components = {component["name"] for component in json.loads(file.read_text())["components"] if component["scope"] == "required"}
    direct = {name for name, spec in tomllib.loads((ROOT / "Cargo.toml").read_text())["dependencies"].items() if not is_optional(spec)}
    assert len(components) > 100 and direct <= components and "localaws" not in components


def is_optional(spec):
    return isinstance(spec, dict) and spec.get("optional", False)
