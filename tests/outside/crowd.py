"""Jobs of five teams for a page: some succeed, fail, wait for a place or in a group, and some messages are no valid jobs."""

import json
import subprocess

from cloud import get
from program import environment

TEAMS = ["team-a", "team-b", "team-c", "team-d", "team-e"]
PLACES = 4
# Hostile, and of the largest size: a revision and labels may have nearly any text.
SCRIPT = "<script>document.title = 'hostile'</script>"
IMAGE = '"><img src=x onerror="document.title = \'hostile\'">'
LONG = "a-name-without-a-break-" * 9
BIDI = "main\u202egnp.exe"

SUCCEEDS = "version: 0.2\nphases:\n  build:\n    commands:\n      - echo built $SLIPWAY_JOB_ID\n"
FAILS = (
    "version: 0.2\nphases:\n  build:\n    commands:\n      - for n in $(seq 40); do echo step $n; done\n"
    "      - 'echo \"ERROR: failed to solve: team/base:node22: not found\"; exit 1'\n"
)


def waits(gate):
    """A build that runs until the file exists. It is bounded, so that no build remains."""
    return (
        "version: 0.2\nphases:\n  build:\n    commands:\n      - echo waiting\n"
        f"      - for turn in $(seq 3000); do [ -e {gate} ] && break; sleep 0.1; done; echo through\n"
    )


class Crowd:
    """Repositories below `folder`, and jobs that build them."""

    def __init__(self, folder, cloud):
        self._folder, self._cloud, self.gate = folder, cloud, folder / "gate"
        self.urls = {
            "acme/storefront": self._repository("acme/storefront", FAILS),
            "acme/gateway": self._repository("acme/gateway", SUCCEEDS),
            "acme/monolith": self._repository("acme/monolith", waits(self.gate)),
        }

    def _repository(self, name, buildspec):
        folder = self._folder / name
        folder.mkdir(parents=True)
        (folder / "buildspec.yml").write_text(buildspec)
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "The source"]):
            subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, env=environment())
        return f"file://{folder}"

    def send(self, job, repository, tenant, revision="main", **more):
        source = {"url": self.urls[repository], "revision": revision}
        self._cloud.send({"version": 1, "id": job, "source": source, "tenant": tenant, **more})

    def ended(self):
        """Jobs that end at once, one of which fails."""
        for number in range(8):
            self.send(f"gateway-{number}", "acme/gateway", TEAMS[number % 5], labels={"release": f"1.{number}"})
        self.send("storefront-1", "acme/storefront", "team-a")

    def oldest(self):
        """The first of the jobs that take all places."""
        self.send("monolith-0", "acme/monolith", TEAMS[0])

    def held(self):
        """The jobs that take the other places."""
        for number in range(1, PLACES):
            self.send(f"monolith-{number}", "acme/monolith", TEAMS[number])

    def waiting(self):
        """Jobs that wait for a place: some 40 of five teams."""
        for number in range(36):
            self.send(f"wait-{number}", "acme/monolith", TEAMS[number % 5])
        group = {"key": "acme/monolith@main", "on_conflict": "queue"}
        self.send("first-of-group", "acme/monolith", "team-e", group=group)
        self.send("second-of-group", "acme/monolith", "team-e", group=group)

    def hostile(self):
        """Names that a page must not interpret."""
        labels = {"release": SCRIPT, "sender": IMAGE, "long": LONG[:100]}
        for number, revision in enumerate([LONG[:200], BIDI]):
            self.send(f"hostile-{number}-{'x' * 50}"[:64], "acme/gateway", "t" * 64, revision=revision, labels=labels)
        for body in (SCRIPT, json.dumps({"version": 1, "id": IMAGE, "tenant": SCRIPT, SCRIPT: IMAGE, "source": {"url": f"https://{IMAGE}"}})):
            self._cloud.send(body)

    def go_on(self):
        self.gate.touch()


def jobs(local, query=""):
    return json.loads(get(f"http://{local.http}/api/v1/jobs?{query}")[1])


def counts(local):
    status, text = get(f"http://{local.http}/api/v1/jobs") or (0, "")
    found = json.loads(text)["counts"] if status == 200 else {}
    return {state: found.get(state, 0) for state in ("waiting", "running", "reporting", "ended")}
