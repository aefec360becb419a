"""Waits for what can be observed, and never for a fixed time."""

import time


def until(observe, what, seconds=60.0, pause=0.05):
    """Calls `observe` again and again until it returns a true value, and returns that."""
    deadline = time.monotonic() + seconds
    while True:
        seen = observe()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}")
        time.sleep(pause)
