"""A real Chromium: pages opened in it, what they show, and what they complain about."""

import json
import subprocess

from daemon import TOP
from processes import TIED, stop

DRIVER = TOP / "test/page/driver.mjs"


class Browser:
    """One for many pages. test/page/driver.mjs does what it is told, one command after the other."""

    def __init__(self, log):
        self.log = log
        with open(log, "ab") as stderr:
            self.process = subprocess.Popen([*TIED, "node", DRIVER], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=stderr, text=True)

    def ask(self, **what):
        print(json.dumps(what), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"Chromium's driver ended:\n{self.log.read_text()}")
        answer = json.loads(line)
        if "error" in answer:
            raise AssertionError(f"{what}: {answer['error']}")
        return answer.get("value")

    def open(self, url, **look):
        return Page(self, self.ask(do="open", url=url, **look))

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            stop(self.process)


class Page:
    def __init__(self, browser, number):
        self.browser = browser
        self.number = number

    def ask(self, do, **what):
        return self.browser.ask(do=do, on=self.number, **what)

    def evaluate(self, expression):
        return self.ask("evaluate", expression=expression)

    def wait(self, expression):
        """Waits until the JavaScript expression is true in the page."""
        try:
            self.ask("wait", expression=expression)
        except AssertionError as error:
            shown = self.evaluate("document.body.innerText")
            raise AssertionError(f"{error}; complaints: {self.complaints()}; it shows:\n{shown}") from None

    def text(self, selector):
        return self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText")

    def wait_text(self, selector, part):
        self.wait(f"document.querySelector({json.dumps(selector)})?.innerText.includes({json.dumps(part)})")

    def complaints(self):
        return self.ask("complaints")

    def close(self):
        self.ask("close")
