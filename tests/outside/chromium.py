"""A headless Chromium, controlled through its driver by the WebDriver protocol."""

import base64
import json
import os
import re
import urllib.request

from checker import lacking
from program import environment

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
# No sandbox, because the tests may run as root in a container; and no requests to its vendor.
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Browser:
    """A browser session. `rules`: where host names lead, in the form of Chromium's `--host-resolver-rules`."""

    def __init__(self, programs, folder, rules=""):
        if not all(os.access(program, os.X_OK) for program in (CHROMIUM, DRIVER)):
            lacking(f"{CHROMIUM} or its driver is not there; .ci/engine installs them")
        program = programs("chromedriver", [DRIVER, "--port=0"], environment(HOME=str(folder)))
        port = program.says(lambda text: re.search(r"started successfully on port (\d+)", text), "its port")[1]
        self._program, self._url = program, f"http://127.0.0.1:{port}/session"
        arguments = [*ARGUMENTS, f"--user-data-dir={folder / 'profile'}", f"--host-resolver-rules={rules}"]
        options = {"binary": CHROMIUM, "args": arguments}
        answer = self._ask({"capabilities": {"alwaysMatch": {"goog:chromeOptions": options}}})
        self._url += f"/{answer['sessionId']}"

    def _ask(self, body=None, path="", method="POST"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def open(self, url):
        self._ask({"url": url}, "/url")

    def command(self, name, **parameters):
        """Runs a command of the DevTools protocol, such as `Emulation.setScriptExecutionDisabled`."""
        return self._ask({"cmd": name, "params": parameters}, "/goog/cdp/execute")

    def screen(self, width, height=900, scheme="light", scale=1):
        """Sets the size of the page, and whether the reader prefers `light` or `dark`."""
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **size)
        self.command("Emulation.setScrollbarsHidden", hidden=True)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def picture(self, whole=False):
        """The page as a PNG image. `whole`: with the parts below the window."""
        return base64.b64decode(self.command("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"])

    def run(self, script, *arguments):
        """Runs the body of an async function in the page, and returns its result."""
        wrapped = (
            "const done = arguments[arguments.length - 1];"
            f"(async (...given) => {{{script}}})(...[...arguments].slice(0, -1)).then(done, error => done('' + error));"
        )
        return self._ask({"script": wrapped, "args": list(arguments)}, "/execute/async")

    def now(self, script, *arguments):
        """Runs the body of a synchronous function and returns its result. The result of an async one would be lost when the page is
        left."""
        return self._ask({"script": f"const given = [...arguments]; {script}", "args": list(arguments)}, "/execute/sync")

    def press(self, selector):
        """Presses the first matching element at its place, like a mouse."""
        self._ask({}, f"/element/{self._find(selector)[0]}/click")

    def text(self, selector):
        """The visible text of all matching elements. It needs no script of the page."""
        return " ".join(self._ask(method="GET", path=f"/element/{found}/text") for found in self._find(selector))

    def _find(self, selector):
        return [reference for found in self._ask({"using": "css selector", "value": selector}, "/elements") for reference in found.values()]

    def end(self):
        self._ask(method="DELETE")
        self._program.end()
