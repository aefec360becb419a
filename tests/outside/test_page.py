"""The status page of the real program in a browser: the questions of a newcomer, and the attacks of a hostile sender."""

import json
import re
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from checker import lacking
from chromium import Browser
from cloud import get
from crowd import Crowd, counts, jobs
from program import SLIPWAY, environment
from status_page import Page
from waiting import until

HERE = Path(__file__).parent
WIDTHS = [320, 390, 736, 900, 1121, 1440, 1920]
# The narrowest width, a width with one column, and one with all.
FEW = [320, 900, 1440]


@pytest.fixture(scope="module")
def browser(programs, tmp_path_factory):
    browser = Browser(programs, tmp_path_factory.mktemp("browser"))
    yield browser
    browser.end()


@pytest.fixture(scope="module")
def crowd(start_local, tmp_path_factory):
    """Local mode with some 50 jobs of five tenants: four run, nine have ended, the others wait."""
    local = start_local(SLIPWAY__LIMITS__RUNNING="4")
    crowd = Crowd(tmp_path_factory.mktemp("crowd"), local.cloud)
    crowd.local = local
    crowd.ended()
    until(lambda: counts(local)["ended"] >= 9, "the first nine ends", 180)
    # The oldest runs before the others are sent, because those start concurrently.
    crowd.oldest()
    until(lambda: counts(local)["running"] == 1, "the oldest build", 120)
    crowd.held()
    until(lambda: counts(local)["running"] == 4, "four running builds", 120)
    crowd.waiting()
    in_line = lambda: [job for job in jobs(local, "state=waiting&per_page=50")["jobs"] if "position" in job["wait"]]
    until(lambda: len(in_line()) == 38, "the line", 120)
    yield crowd
    crowd.go_on()
    local.program.end()


@pytest.fixture
def page(browser, crowd):
    browser.screen(1440)
    return Page(browser, crowd.local.http)


def test_the_page_answers_a_newcomers_questions(page, crowd):
    """From the page alone: which build is the oldest, why X waits, why Y failed. Then one job is cancelled."""
    page.open()
    assert page.texts(".lane h2") == ["Waiting", "Running", "Ended"]
    assert [int(text) for text in page.texts(".lane .big b")][:2] == [38, 4]
    # The oldest is the first one that runs.
    running = page.texts("[aria-labelledby=lane-running] .job")
    assert len(running) == 4 and "acme/monolith" in running[0] and "team-a" in running[0]
    # Of those that began in the same second, it is the one that was sent first.
    in_order = sorted(jobs(crowd.local, "state=running")["jobs"], key=lambda job: (job["started_at"][:19], job["enqueued_at"]))
    assert all(job["tenant"] in row for job, row in zip(in_order, running, strict=True)), (in_order, running)
    # Each waiting job shows its position and its reason.
    waiting = page.texts("[aria-labelledby=lane-waiting] .job")
    assert len(waiting) == 10 and all("all 4 places taken" in row and "waited" in row for row in waiting), waiting
    page.click("a", "All 38 waiting")
    assert page.path() == "/jobs" and "38 jobs" in page.text(".title")
    # The reasons of this one.
    page.open("/jobs?q=second-of-group")
    assert page.path() == "/jobs/second-of-group", "an id leads to its job"
    assert "Why it waits" in page.text("h2")
    assert "after first-of-group" in page.text(".answer") and "38" in page.text(".answer")
    # A build from CodeBuild's console or a log leads to its job.
    [build] = jobs(crowd.local, "state=running&tenant=team-a")["jobs"][0]["build_ids"]
    for name in (build, build.split(":")[1], f"arn:aws:codebuild:us-east-1:000000000000:build/{build}"):
        page.open("/jobs?q=" + urllib.parse.quote(name))
        assert page.path() == "/jobs/monolith-0", name
    # Why that job failed.
    page.open("/?tenant=team-a")
    page.click("[aria-labelledby=lane-ended] .name", "storefront")
    assert "What broke" in page.text("h2")
    assert "failed to solve: team/base:node22: not found" in page.text(".decisive-line")
    assert page.texts(".decisive-row") and "The sender" in page.text(".answer")
    # Cancels one.
    page.open("/jobs/wait-35")
    page.click(".buttons a", "Cancel…")
    page.browser.run("document.querySelector('#reason').value = 'no longer <b>needed</b>';")
    page.click("form.form button", "Cancel the job")
    assert page.path() == "/jobs/wait-35"
    until(lambda: "Who ended it" in page.text("h2"), "the end, without a click")
    assert "no longer <b>needed</b>" in page.text(".answer")


def test_the_page_works_without_javascript(page):
    page.browser.command("Emulation.setScriptExecutionDisabled", value=True)
    try:
        html = urllib.request.urlopen(page.url + "/jobs/wait-34", timeout=10).read().decode()
        assert "all 4 places taken" in html and "/jobs/wait-34/cancel" in html
        form = urllib.request.urlopen(page.url + "/jobs/wait-34/cancel", timeout=10).read().decode()
        token = re.search(r'name="token" value="([0-9a-f]+)"', form)[1]
        refused = post(page.url + "/jobs/wait-34/cancel", token="0" * 64)
        assert refused[0] == 403 and "Nothing was done" in refused[1]
        status, _ = post(page.url + "/jobs/wait-34/cancel", token=token, reason="by a form")
        assert status == 200
        until(lambda: "by a form" in get(page.url + "/jobs/wait-34")[1], "the end")
    finally:
        page.browser.command("Emulation.setScriptExecutionDisabled", value=False)


def post(url, **fields):
    try:
        with urllib.request.urlopen(url, urllib.parse.urlencode(fields).encode(), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_page_is_live_and_rows_stay_in_place_while_they_are_used(page, crowd):
    page.open("/?tenant=team-live")
    until(lambda: page.text("#connection") == "Live", "the connection")
    assert "Nothing waits" in page.text("main")
    crowd.send("live-1", "acme/monolith", "team-live")
    until(lambda: page.texts("[aria-labelledby=lane-waiting] .job"), "the row, without a reload")
    # While somebody reads, new rows appear only after a click.
    page.browser.run("document.querySelector('[aria-labelledby=lane-waiting] .name').focus();")
    crowd.send("live-2", "acme/monolith", "team-live")
    until(lambda: page.texts(".held"), "the offer to show changes")
    assert len(page.texts("[aria-labelledby=lane-waiting] .job")) == 1
    page.browser.run("document.querySelector('.held').click();")
    until(lambda: len(page.texts("[aria-labelledby=lane-waiting] .job")) == 2, "both rows")
    assert page.browser.run("return document.querySelector('.held')") is None


def test_pages_that_were_left_hold_no_connection(page):
    """A browser has six connections for a host. The pages that were left hold none of them. A page that is opened again is live."""
    began = time.monotonic()
    for turn in range(4):
        for path in ("/?tenant=team-c", "/jobs?tenant=team-c", "/limits"):
            page.open(f"{path}#{turn}")
            until(lambda: page.browser.now("return document.querySelector('#connection').innerText") == "Live", "the connection")
    assert time.monotonic() - began < 40
    page.browser.now("history.back();")
    until(lambda: page.path() == "/jobs", "the page before")
    until(lambda: page.text("#connection") == "Live", "the connection")


def test_a_pause_is_shown_and_ended(page):
    page.open("/limits")
    page.click("a[aria-label='Pause team-b']")
    page.browser.run("document.querySelector('#reason').value = 'disk full';")
    page.click("form.form button", "Pause")
    until(lambda: "team-b is paused" in page.text(".notices") and "disk full" in page.text(".notices"), "the notice")
    page.open("/?tenant=team-b")
    until(lambda: "paused: team-b" in page.text("[aria-labelledby=lane-waiting]"), "the reason")
    page.open("/limits")
    page.click("a[aria-label='Resume team-b']")
    page.click("form.form button", "Resume")
    until(lambda: "team-b is paused" not in page.text(".notices"), "no notice")


def test_dead_letters_are_corrected_and_deleted(page, crowd):
    bodies = [{"version": 1, "id": f"broken-{n}", "source": {"url": crowd.urls["acme/gateway"]}, "tenant": "team-a", "nonsense": n} for n in (1, 2)]
    for body in bodies:
        crowd.local.cloud.send(body)

    def seen():
        page.open("/dead-letters?look")
        return all(body["id"] in page.text(".letters") for body in bodies)

    until(seen, "both dead letters", 90)
    assert "/nonsense" in page.text(".reasons")
    page.click("a[aria-label='Edit broken-1']")
    fixed = json.dumps({key: value for key, value in bodies[0].items() if key != "nonsense"} | {"id": "mended-1"})
    page.browser.run("document.querySelector('#body').value = given[0];", fixed)
    page.click("form.form button", "Send")
    until(lambda: get(f"{page.url}/jobs/mended-1")[0] == 200, "the mended job")
    page.open("/dead-letters?look")
    page.browser.run("document.querySelector('[aria-label^=\"Select broken-2\"]').click();")
    assert page.text("#selected") == "1 selected" and "broken-2" in page.text("#selected-ids")
    page.click("#selection button", "Delete 1…")
    page.click("form.form button", "Delete 1")
    assert "1 deleted" in page.text(".remark") and "broken-2" not in page.text(".letters")


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_a_dead_letter_that_is_redriven_is_built(browser, local, repository, unique, script):
    """The button is pressed like with a mouse, with and without JavaScript."""
    browser.screen(1440)
    page = Page(browser, local.http)
    browser.command("Emulation.setScriptExecutionDisabled", value=not script)
    try:
        # SQS moves jobs there that were received too often.
        body = {"version": 1, "id": unique, "source": {"url": repository()}}
        local.cloud.send(body, "slipway-jobs-dlq")

        def seen():
            page.open("/dead-letters?look")
            return unique in browser.text("main")

        until(seen, "the dead letter", 90)
        assert "Received too often" in browser.text("main") and "would be accepted now" in browser.text("main")
        assert bool(browser.text("#select-all")) is script, "an element that only the script shows"
        browser.press(f"button[aria-label='Redrive {unique}']")
        until(lambda: "1 redriven" in browser.text(".remark"), "what was done")
        assert local.subscriber.event(f"{unique}/finished")["data"]["status"] == "succeeded"
        page.open(f"/jobs/{unique}")
        assert "succeeded" in browser.text("main").lower()
        page.open("/dead-letters?look")
        assert unique not in browser.text(".letters")
        assert len(local.cloud.builds_of("slipway", unique)) == 1
    finally:
        browser.command("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture(scope="module")
def axe(tmp_path_factory):
    if shutil.which("npm") is None:
        lacking("Node.js is not installed")
    folder = tmp_path_factory.mktemp("axe")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(HERE / "page" / file, folder)
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, check=True, capture_output=True, timeout=300)
    return (folder / "node_modules" / "axe-core" / "axe.min.js").read_text()


LOOK = """
    const found = await axe.run(document, { resultTypes: ['violations'] });
    const root = document.documentElement;
    return { violations: found.violations.map(v => `${v.id}: ${v.nodes[0].html}`), sideways: root.scrollWidth - root.clientWidth, title: document.title };"""


def test_hostile_and_long_names_do_not_break_the_page_at_any_width(page, crowd, axe):
    """In both schemes and at every width: no script runs, nothing scrolls sideways, and axe-core finds no violation."""
    crowd.hostile()
    until(lambda: len(jobs(crowd.local, "tenant=" + "t" * 64)["jobs"]) == 2, "the hostile jobs", 60)
    until(lambda: "&lt;script&gt;" in get(f"{page.url}/dead-letters?look")[1], "the dead letters", 90)
    hostile = jobs(crowd.local, "tenant=" + "t" * 64)["jobs"][0]["id"]
    wrong = []
    views = {"/": WIDTHS, f"/jobs/{hostile}": WIDTHS, "/jobs/storefront-1": FEW, "/jobs": FEW, "/limits": FEW, "/dead-letters": FEW, "/pause": FEW}
    for path, widths in views.items():
        page.open(path)
        page.browser.run(axe)
        for scheme in ("light", "dark"):
            for width in widths:
                page.browser.screen(width, 900, scheme)
                seen = page.browser.run(LOOK)
                if not isinstance(seen, dict) or seen["violations"] or seen["sideways"] > 0 or "Slipway" not in seen["title"]:
                    wrong.append((path, scheme, width, seen))
    assert not wrong, wrong
    # The page does not even try what its policy forbids.
    assert page.browser.run("return document.querySelectorAll('script:not([src]), [onerror], main img').length") == 0


def test_pages_have_security_headers_and_an_unchanged_page_is_not_sent_again(page):
    with urllib.request.urlopen(page.url + "/keys", timeout=10) as answer:
        policy, tag = answer.headers["content-security-policy"], answer.headers["etag"]
        style = re.search(r'href="(/assets/style-[0-9a-f]+\.css)"', answer.read().decode())[1]
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "form-action 'self'", "base-uri 'none'"):
        assert part in policy
    assert "unsafe" not in policy
    with urllib.request.urlopen(page.url + style, timeout=10) as answer:
        assert "immutable" in answer.headers["cache-control"] and answer.headers["content-type"].startswith("text/css")

    def unchanged():
        again = urllib.request.Request(page.url + "/keys", headers={"If-None-Match": tag})
        try:
            return urllib.request.urlopen(again, timeout=10).status == 304
        except urllib.error.HTTPError as error:
            return error.code == 304

    assert unchanged()


def test_the_demo_keeps_running_for_its_page(programs):
    program = programs("demo", [SLIPWAY, "demo", "--open", "--keep"], environment())
    address = program.says(lambda text: re.search(r"Status page   (http://127\.0\.0\.1:\d+/)", text), "the page's address", 60)[1]
    program.says(lambda text: "stays at " + address in text, "it stays", 180)
    status, text = get(address)
    assert status == 200 and "succeeded" in text
    program.send(signal.SIGINT)
    assert program.code(60) == 0, program.output
