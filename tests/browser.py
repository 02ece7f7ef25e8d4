"""Chromium without a window, for tests of pages: what a page asks for, complains of and shows.

    with browser.open(path, width=1280) as page:
        assert page.requests == [] and page.errors == []
        page.evaluate("document.querySelectorAll('math').length")

It speaks the DevTools protocol over a pipe, so that it opens no port and needs no package.
One Chromium serves all pages of a test run; each page has a profile of its own.
"""

from __future__ import annotations

import atexit
import base64
import fcntl
import functools
import json
import os
import select
import shutil
import signal
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.tools import needs

#: How long to wait for an answer, in seconds.
PATIENCE = 60.0

_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage", "--hide-scrollbars", "--remote-debugging-pipe",
)  # fmt: skip

#: Addresses that cost no request.
_INSIDE = ("data:", "blob:", "about:")


class Page:
    """A page that has been loaded.

    `requests` are the addresses that it asked for besides itself, `errors` what it wrote to
    the console as an error, what it threw, and what the browser complained of.
    """

    def __init__(self, chromium: _Chromium, context: str, session: str) -> None:
        self._chromium, self._context, self._session = chromium, context, session
        self._address = ""
        self._loaded: set[str] = set()
        self.requests: list[str] = []
        self.errors: list[str] = []

    def evaluate(self, javascript: str) -> Any:
        """The value of an expression, as JSON would carry it; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=javascript, returnByValue=True,
                            awaitPromise=True)  # fmt: skip
        if "exceptionDetails" in answer:
            raise RuntimeError(_thrown(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression is true in the page."""
        self.evaluate(
            "new Promise(done => { const look = () => "
            f"({condition}) ? done(true) : setTimeout(look, 20); look(); }})"
        )

    def resize(self, width: int, height: int = 900) -> None:
        """Look at it through a window of another width, in pixels."""
        self._call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                   deviceScaleFactor=1, mobile=False)  # fmt: skip

    def dark(self, wanted: bool = True) -> None:
        """As someone sees it who prefers dark pages, or light ones."""
        scheme = "dark" if wanted else "light"
        self._call("Emulation.setEmulatedMedia",
                   features=[{"name": "prefers-color-scheme", "value": scheme}])  # fmt: skip

    def printing(self) -> None:
        """As it would be on paper, in a window of the same width."""
        self._call("Emulation.setEmulatedMedia", media="print")

    def screenshot(self, path: str | Path, whole: bool = True) -> Path:
        """A PNG of the whole page, or only of what the window shows."""
        answer = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(answer["data"]))
        return Path(path)

    def close(self) -> None:
        self._chromium.pages.pop(self._session, None)
        self._chromium.call("Target.disposeBrowserContext", browserContextId=self._context)

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self, address: str) -> None:
        for domain in ("Page", "Network", "Runtime", "Log"):
            self._call(f"{domain}.enable")
        self._call("Page.setLifecycleEventsEnabled", enabled=True)
        self._address = address.partition("#")[0]
        answer = self._call("Page.navigate", url=address)
        if "errorText" in answer:
            raise RuntimeError(f"Chromium cannot open {address}: {answer['errorText']}")
        self._chromium.listen_until(lambda: answer["loaderId"] in self._loaded)
        self.evaluate("document.fonts.ready.then(() => true)")

    def heard(self, method: str, said: dict[str, Any]) -> None:
        """Take note of an event."""
        if method == "Page.lifecycleEvent":  # of the blank page before as well, and of frames
            self._loaded |= {said["loaderId"]} if said["name"] == "load" else set()
        elif method == "Network.requestWillBeSent":
            address = said["request"]["url"]
            if address != self._address and not address.startswith(_INSIDE):
                self.requests.append(address)
        elif method == "Runtime.exceptionThrown":
            self.errors.append(_thrown(said["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled" and said["type"] in ("error", "assert"):
            values = (a.get("value", a.get("description", "")) for a in said["args"])
            self.errors.append(" ".join(map(str, values)))
        elif method == "Log.entryAdded" and said["entry"]["level"] == "error":
            self.errors.append(said["entry"]["text"])

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._chromium.call(method, self._session, **parameters)


def open(path: str | Path, width: int = 1280, dark: bool = False, at: str = "") -> Page:
    """Open a file in Chromium, at a place in it (#…); skips the test where there is none."""
    page = _chromium(needs("chromium")).page()
    page.resize(width)
    page.dark(dark)
    page.load(Path(path).resolve().as_uri() + at)
    return page


@functools.cache
def _chromium(program: str) -> _Chromium:
    chromium = _Chromium(program)
    atexit.register(chromium.end)
    return chromium


def _thrown(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])


class _Chromium:
    """One running browser, and the two ends of its pipe."""

    def __init__(self, program: str) -> None:
        self.profile = tempfile.mkdtemp(prefix="chromium-")
        theirs_in, self.writes = os.pipe()
        self.reads, theirs_out = os.pipe()
        theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]
        quiet = os.open(os.devnull, os.O_RDWR)
        plugs = [(os.POSIX_SPAWN_DUP2, a, b) for a, b in zip(theirs, (3, 4), strict=True)]
        plugs += [(os.POSIX_SPAWN_DUP2, quiet, stream) for stream in (0, 1, 2)]
        self.process = os.posix_spawn(
            program, [program, *_FLAGS, f"--user-data-dir={self.profile}"], os.environ,
            file_actions=plugs, setpgroup=0,
        )  # fmt: skip
        for end in (theirs_in, theirs_out, *theirs, quiet):
            os.close(end)
        self.pages: dict[str, Page] = {}
        self.answers: dict[int, dict[str, Any]] = {}
        self.rest = b""
        self.count = 0

    def page(self) -> Page:
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)
        session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        page = Page(self, context, session["sessionId"])
        self.pages[session["sessionId"]] = page
        return page

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        self.count += 1
        number = self.count
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        sent = json.dumps(message).encode() + b"\0"
        while sent:
            sent = sent[os.write(self.writes, sent) :]
        self.listen_until(lambda: number in self.answers)
        answer = self.answers.pop(number)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']['message']}")
        return dict(answer["result"])

    def listen_until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not done():
            ready, _, _ = select.select([self.reads], [], [], max(0.0, until - time.monotonic()))
            heard = os.read(self.reads, 1 << 20) if ready else b""
            if not heard:
                raise RuntimeError("Chromium has ended" if ready else "Chromium does not answer")
            *messages, self.rest = (self.rest + heard).split(b"\0")
            for message in map(json.loads, messages):
                if "id" in message:
                    self.answers[message["id"]] = message
                elif message.get("sessionId") in self.pages:
                    self.pages[message["sessionId"]].heard(message["method"], message["params"])

    def end(self) -> None:
        os.close(self.writes)
        os.close(self.reads)
        os.killpg(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        shutil.rmtree(self.profile, ignore_errors=True)
