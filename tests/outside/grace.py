"""How long the daemon takes to drain, by its sources. Whatever stops it must wait for longer."""

import re

from program import ROOT

UNITS = {"s": 1, "m": 60, "h": 3600}


def seconds(duration):
    """The seconds in `90s`, `2m` or `1h30m`."""
    parts = re.findall(r"(\d+)([smh])", duration)
    assert parts and "".join(number + unit for number, unit in parts) == duration, duration
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def default_grace():
    """The default of [shutdown].grace, in seconds."""
    [value] = re.findall(r'pub const GRACE: &str = "(\w+)";', (ROOT / "src/config/default.rs").read_text())
    return seconds(value)


def last_calls():
    """The longest time that the daemon takes after the grace period, in seconds."""
    [value] = re.findall(r"const LAST_CALLS: Duration = Duration::from_secs\((\d+)\);", (ROOT / "src/engine.rs").read_text())
    return int(value)
