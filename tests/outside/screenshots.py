"""Takes the pictures of docs/images: a few minutes of local mode with jobs of seven teams, in headless Chromium.

    target/outside/bin/python tests/outside/screenshots.py
"""

import json
import re
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from chromium import Browser
from cloud import Cloud, get
from program import ROOT, SLIPWAY, Program, environment
from waiting import until

IMAGES = ROOT / "docs" / "images"
# The duration of a build in seconds, and its end.
REPOSITORIES = {
    "gateway": (14, "0"),
    "billing": (18, "0"),
    "checkout": (12, "0"),
    "docs": (10, "0"),
    "ml-images": (45, "0"),
    "monolith": (240, "0"),
    "storefront": (8, "1"),
    "worker": (6, "1"),
}
LINES = {
    "storefront": "#14 [runtime 1/6] FROM docker.io/team/base:node22\\n#14 ERROR: docker.io/team/base:node22: not found\\n------\\n"
    "ERROR: failed to solve: team/base:node22: docker.io/team/base:node22: not found",
    "worker": "   Compiling worker v0.4.1\\nerror[E0308]: mismatched types\\n --> src/main.rs:12:18\\n  |\\n12|     let n: u32 = name;\\n"
    "  |                  ^^^^ expected `u32`, found `String`\\n\\nerror: could not compile `worker` (bin) due to 1 previous error",
}
REVISIONS = ["main", "release/2.9", "pr/311", "pr/2041", "hotfix/4711", "nightly"]


class Team:
    """Repositories, and the jobs of seven teams."""

    def __init__(self, folder, cloud):
        self._cloud, self._sent = cloud, 0
        self._urls = {name: self._repository(folder / "acme" / name, *how) for name, how in REPOSITORIES.items()}

    def _repository(self, folder, seconds, code):
        folder.mkdir(parents=True)
        end = f'printf "{LINES[folder.name]}\\n"; exit {code}' if code != "0" else "echo done"
        commands = ["echo building", f"for n in $(seq {seconds * 4}); do echo step $n; sleep 0.25; done", end]
        (folder / "buildspec.yml").write_text(json.dumps({"version": 0.2, "phases": {"build": {"commands": commands}}}))
        identity = ["-c", "user.name=Demo", "-c", "user.email=demo@example.com"]
        for arguments in (["init", "-q", "-b", "main"], ["add", "."], ["commit", "-q", "-m", "The source"]):
            subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, env=environment())
        for revision in REVISIONS[1:]:
            subprocess.run(["git", "-C", folder, "branch", revision], check=True, capture_output=True, env=environment())
        return f"file://{folder}"

    def send(self, repository, team, revision="main", **more):
        self._sent += 1
        job = f"{repository}-{5100 + self._sent}"
        source = {"url": self._urls[repository], "revision": revision}
        body = {"version": 1, "id": job, "source": source, "tenant": team, "labels": {"release": "1.4.0", "sender": "ci"}, **more}
        self._cloud.send(body)
        return job


def post(url, **fields):
    """Sends a form of the page, with its token."""
    token = re.search(r'name="token" value="([0-9a-f]+)"', get(url)[1])[1]
    data = urllib.parse.urlencode({"token": token, **fields}).encode()
    urllib.request.urlopen(url.split("?")[0], data, timeout=60).close()


def count(http, query):
    answer = get(f"http://{http}/api/v1/jobs?{query}")
    return json.loads(answer[1])["total"] if answer and answer[0] == 200 else 0


def play(team, cloud, http):
    """The scene of the pictures: ended jobs, all places taken, waiting jobs, a pause and dead letters."""
    failed = team.send("storefront", "team-a", "release/2.9")
    for number in range(3):
        for repository, who in (("gateway", "team-e"), ("billing", "team-b"), ("checkout", "team-b"), ("docs", "team-f")):
            team.send(repository, who, REVISIONS[number])
    failed = team.send("storefront", "team-a", "release/2.9")
    team.send("worker", "team-a", "pr/311")
    until(lambda: count(http, "state=ended") >= 15, "the first ends", 300)
    cloud.send({"version": 1, "id": "storefront-5120", "source": {"url": "https://github.com/acme/storefront"}, "tenant": "team-a",
                "images": [{"name": "team/storefront", "dockerfile": "../shared/Dockerfile"}], "timeout_minutes": 3000})
    cloud.send("version: 1")
    cloud.send({"version": 1, "id": "gateway-311", "profile": "arm", "source": {"url": "https://github.com/acme/gateway"}, "tenant": "team-e"})
    post(f"http://{http}/pause?scope=tenant&name=team-g", scope="tenant", name="team-g", reason="disk full on the runners' cache")
    for who in ("team-c", "team-d"):
        team.send("monolith", who)
    for number in range(5):
        team.send("ml-images", "team-d", REVISIONS[number])
        team.send("gateway", "team-e", REVISIONS[number])
        team.send("billing", "team-b", REVISIONS[number])
        team.send("storefront", "team-a", REVISIONS[number])
        team.send("checkout", "team-a", REVISIONS[number])
    group = {"key": "acme/docs@main", "on_conflict": "queue"}
    for _ in range(3):
        team.send("docs", "team-f", group=group)
    for _ in range(2):
        team.send("docs", "team-g", "nightly")
    until(lambda: count(http, "state=running") >= 6, "a full house", 120)
    until(lambda: get(f"http://{http}/dead-letters?look")[1].count('class="letter"') >= 3, "the dead letters", 120, 2)
    return failed


def main():
    IMAGES.mkdir(exist_ok=True)
    programs = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)

        def start(name, arguments, variables, **more):
            programs.append(Program(folder, f"{len(programs)}-{name}", [str(argument) for argument in arguments], variables, **more))
            return programs[-1]

        try:
            limits = {"SLIPWAY__LIMITS__RUNNING": "8", "SLIPWAY__LIMITS__PER_TENANT": "3", "SLIPWAY__HTTP__LISTEN": "127.0.0.1:0"}
            local = start("local", [SLIPWAY, "local", "--listen", "127.0.0.1:0"], environment(**limits))
            endpoint = local.says(lambda text: re.search(r"listens on (http://127\.0\.0\.1:\d+)", text), "its address")[1]
            http = local.says(lambda text: re.search(r"status page is http://(127\.0\.0\.1:\d+)/", text), "its page")[1]
            cloud = Cloud(endpoint)
            browser = Browser(start, folder)
            failed = play(Team(folder, cloud), cloud, http)
            for name, path, width, height, scheme in (
                ("overview-light", "/", 1440, 1000, "light"),
                ("overview-dark", "/", 1440, 1000, "dark"),
                ("phone", "/", 390, 844, "light"),
                ("job-failed", f"/jobs/{failed}", 1440, 1000, "light"),
                ("dead-letters", "/dead-letters", 1440, 1000, "light"),
                ("limits", "/limits", 1440, 1000, "light"),
            ):
                browser.screen(width, height, scheme, 2 if width < 1000 else 1)
                browser.open(f"http://{http}{path}")
                browser.run("await new Promise(done => setTimeout(done, 1500));")
                (IMAGES / f"{name}.png").write_bytes(browser.picture(whole=width > 1000))
                print(IMAGES / f"{name}.png")
            browser.end()
        finally:
            for program in reversed(programs):
                program.end()


if __name__ == "__main__":
    main()
