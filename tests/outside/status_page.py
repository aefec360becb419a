"""The page of a daemon in a browser."""

from waiting import until

# The visible texts of all matching elements.
TEXTS = "return [...document.querySelectorAll(given[0])].map(e => e.innerText.replace(/\\s+/g, ' ').trim());"


class Page:
    """The page of a daemon in a browser."""

    def __init__(self, browser, http):
        self.browser, self.url = browser, f"http://{http}"

    def open(self, path="/"):
        self.browser.open(self.url + path)

    def texts(self, selector):
        return self.browser.run(TEXTS, selector)

    def text(self, selector):
        return " ".join(self.texts(selector))

    def path(self):
        return self.browser.run("return location.pathname")

    def click(self, selector, text=""):
        """Follows a link or presses a button, and waits for the next page."""
        script = """
            const it = [...document.querySelectorAll(given[0])].find(e => e.innerText.includes(given[1]));
            if (!it) return false;
            window.before = true; setTimeout(() => it.click()); return true;"""
        assert self.browser.now(script, selector, text), f"no {selector} with {text!r} in {self.text('main')[:500]}"
        # Between two pages there is an empty one, which is complete too.
        there = "return !window.before && document.readyState == 'complete' && !!document.querySelector('main')"
        until(lambda: self.browser.now(there) is True, "the next page")
