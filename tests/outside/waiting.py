"""Waiting for what can be observed, never for a time to pass."""

import time


def until(observe, what, seconds=60.0, pause=0.05):
    """Looks again and again until `observe` returns something true, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        seen = observe()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(pause)
