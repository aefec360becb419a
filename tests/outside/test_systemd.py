"""The unit, as systemd reads it."""

import json
import re

from checker import check, run
from grace import default_grace, last_calls, seconds
from program import ROOT, SLIPWAY

FOLDER = ROOT / "deploy" / "systemd"
UNIT, ENVIRONMENT = FOLDER / "slipway.service", FOLDER / "environment.example"
ANALYZE, REMEDY = "/usr/bin/systemd-analyze", ".ci/engine installs it"
# systemd's exposure level of a service, from 0 to 10. A service with access to the network has at least 1.
EXPOSURE = 12


def settings():
    """The settings of the unit by key. A key may occur several times."""
    found = {}
    for key, value in re.findall(r"^(\w+)=(.*)$", UNIT.read_text(), re.M):
        found.setdefault(key, []).append(value)
    return found


def verify(text, tmp_path):
    """The messages of systemd about a unit. Its exit code alone does not show unknown keys."""
    unit = tmp_path / UNIT.name
    assert "/usr/bin/slipway" in text
    unit.write_text(text.replace("/usr/bin/slipway", SLIPWAY))
    done = run(ANALYZE, "verify", "--man=no", unit, remedy=REMEDY)
    return done.stdout + done.stderr


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path):
    text = UNIT.read_text()
    assert verify(text, tmp_path) == ""
    assert "ProtectClok" in verify(text.replace("ProtectClock", "ProtectClok"), tmp_path), "systemd reports an unknown key"


def test_the_service_has_a_low_exposure_level():
    security = [ANALYZE, "security", "--offline=true", "--no-pager", UNIT]
    check(*security, f"--threshold={EXPOSURE}", remedy=REMEDY)
    rows = json.loads(check(*security, "--json=short", remedy=REMEDY))
    open_ = {row["json_field"] for row in rows if row["set"] is False}
    for closed in ("NoNewPrivileges", "MemoryDenyWriteExecute", "ProtectSystem", "ProtectHome", "PrivateDevices"):
        assert closed not in open_
    assert not [field for field in open_ if field.startswith(("SystemCallFilter", "CapabilityBoundingSet", "RestrictNamespaces"))]


def test_the_unit_waits_for_the_drain_and_knows_the_exit_codes():
    unit = settings()
    [stop], [ok], [never] = (unit[key] for key in ("TimeoutStopSec", "SuccessExitStatus", "RestartPreventExitStatus"))
    assert seconds(stop) > default_grace() + last_calls()
    # The exit codes in src/cli/exit.rs.
    codes = dict(re.findall(r"^\s+(\w+) = (\d+),$", (ROOT / "src/cli/exit.rs").read_text(), re.M))
    assert ok == codes["GraceRanOut"]
    assert never.split() == [codes["Usage"], codes["Configuration"]]
    assert unit["Restart"] == ["on-failure"]


def test_the_environment_file_needs_no_shell():
    lines = [line for line in ENVIRONMENT.read_text().splitlines() if line and not line.startswith("# ")]
    assert lines
    for line in lines:
        assert re.fullmatch(r"#?[A-Z][A-Z0-9_]*=[^\s\"'$`]*", line), line
    assert any(line.startswith("AWS_REGION=") for line in lines)
