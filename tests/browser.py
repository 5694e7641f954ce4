"""A headless Chromium, driven over the DevTools protocol through two pipes: one browser for all tests that ask for `browser`.

Debian's `chromium-headless-shell` takes half the time of its `chromium`, which draws windows that nobody sees; either serves.

What a tab asks of the network goes through the test: loopback answers itself, an https image becomes one pixel, all else fails and is
remembered. Needs one of these packages and, for `Tab.axe`, `make browser`. Where they cannot be had the tests are skipped with the
reason; under `CI=true` they fail instead.
"""

import json
import os
import select
import shutil
import signal
import tempfile
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

AXE = Path(__file__).parent / "axe/node_modules/axe-core/axe.min.js"
WIDTHS = (360, 768, 1440)
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-extensions", "--disable-dev-shm-usage", "--no-first-run", "--no-startup-window", "--hide-scrollbars",
    "--force-color-profile=srgb", "--font-render-hinting=none", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)  # fmt: skip
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
_DEADLINE_S = 30.0
# Where a test looks at pages from.
_WORLD = "test"

Message = dict[str, Any]


def lacking(what: str) -> None:
    """Skip a test for what this machine lacks; fail it where everything was to be installed."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"needs {what}, which .ci/run installs")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """One browser for all tests of a process."""
    program = next((found for name in _NAMES if (found := shutil.which(name))), None)
    if program is None:
        lacking("chromium (apt-get install chromium-headless-shell)")
    with tempfile.TemporaryDirectory() as profile:
        opened = Browser(str(program), profile)
        try:
            yield opened
        finally:
            opened.close()


@contextmanager
def served(root: Path) -> Iterator[str]:
    """Serve a folder of outputs as the daemon does; give the address."""
    from aggregator.run.server import WebServer  # here, since most tests need no web server

    server = WebServer(root=root, host="127.0.0.1", port=0, token=None, health=lambda: {"ok": True})
    server.start()
    try:
        yield server.address
    finally:
        server.stop()


class Browser:
    """A running browser. Commands wait for their answer; events that come meanwhile go to the tab that they are about."""

    def __init__(self, program: str, profile: str) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()
        # The browser reads commands from descriptor 3 and writes answers to 4. Moved out of the way first, lest one overwrite the other.
        pipes = [os.dup(to_read), os.dup(to_write)]
        actions: list[tuple[Any, ...]] = [(os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0)]
        actions += [(os.POSIX_SPAWN_DUP2, pipe, 100 + number) for number, pipe in enumerate(pipes)]
        actions += [(os.POSIX_SPAWN_DUP2, 100 + number, 3 + number) for number in range(2)]
        command = [program, *_FLAGS, f"--user-data-dir={profile}"]
        self._pid = os.posix_spawn(program, command, os.environ, file_actions=actions, setpgroup=0)
        for pipe in (to_read, to_write, *pipes):
            os.close(pipe)
        self._unread = b""
        self._number = 0
        self._answers: dict[int, Message] = {}
        self._tabs: dict[str, Tab] = {}

    def close(self) -> None:
        """End the browser and everything that it started."""
        os.close(self._out)
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)

    @contextmanager
    def tab(self, *, width: int = 1440, height: int = 900, dark: bool = False) -> Iterator["Tab"]:
        """A tab of its own, without history, that shows pages at this width and in light or dark."""
        context = self.ask("Target.createBrowserContext")["browserContextId"]
        target = self.ask("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        try:
            for domain in ("Page", "Runtime", "Log", "Debugger"):
                tab.ask(f"{domain}.enable")
            tab.ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
            tab.size(width, height, dark=dark)
            yield tab
        finally:
            self.ask("Target.disposeBrowserContext", browserContextId=context)
            del self._tabs[session]

    def ask(self, method: str, session: str | None = None, **params: Any) -> Message:
        number = self.tell(method, session, **params)
        self.wait(lambda: number in self._answers, method)
        answer = self._answers.pop(number)
        assert "error" not in answer, f"{method}: {answer.get('error')}"
        return dict(answer.get("result", {}))

    def tell(self, method: str, session: str | None = None, **params: Any) -> int:
        """Send a command; its answer may be left unread."""
        self._number += 1
        message: Message = {"id": self._number, "method": method, "params": params} | ({"sessionId": session} if session else {})
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._number

    def wait(self, is_done: Callable[[], bool], what: str) -> None:
        """Take in messages until something is so."""
        until = time.monotonic() + _DEADLINE_S
        while not is_done():
            self._take_in(self._next(until, what))

    def _next(self, until: float, what: str) -> Message:
        while b"\0" not in self._unread:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            assert ready, f"{what}: the browser took more than {_DEADLINE_S} s"
            piece = os.read(self._in, 1 << 16)
            assert piece, "the browser has ended"
            self._unread += piece
        message, _, self._unread = self._unread.partition(b"\0")
        return dict(json.loads(message))

    def _take_in(self, message: Message) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif tab := self._tabs.get(message.get("sessionId", "")):
            tab.hear(message["method"], message["params"])


@dataclass
class Tab:
    """One tab. `complaints` are errors and warnings of its console, `scripts` what it ran that came with a page, `requests` (kind, address)
    what it asked for beside the page itself."""

    browser: Browser
    session: str
    complaints: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    _loaded: bool = False

    def ask(self, method: str, **params: Any) -> Message:
        return self.browser.ask(method, self.session, **params)

    def size(self, width: int, height: int = 900, *, dark: bool = False) -> None:
        self.ask("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.ask("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, url: str) -> None:
        """Show a page, and wait until it and its images are there."""
        self._loaded = False
        answer = self.ask("Page.navigate", url=url)
        assert "errorText" not in answer, f"{url}: {answer.get('errorText')}"
        self.browser.wait(lambda: self._loaded, url)

    def value(self, expression: str) -> Any:
        """What an expression is in the page, seen from a world beside the page's own: what runs there is not the page's script."""
        frame = self.ask("Page.getFrameTree")["frameTree"]["frame"]["id"]
        world = self.ask("Page.createIsolatedWorld", frameId=frame, worldName=_WORLD)["executionContextId"]
        found = self.ask("Runtime.evaluate", expression=expression, contextId=world, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def click(self, selector: str) -> None:
        """Click into the middle of what a selector finds first, as a hand with a mouse does."""
        found = f"document.querySelector({json.dumps(selector)})"
        place = self.value(f"{found}.scrollIntoView(), {found}.getBoundingClientRect().toJSON()")
        at = {"x": place["x"] + place["width"] / 2, "y": place["y"] + place["height"] / 2, "button": "left", "clickCount": 1}
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, **at)

    def follow(self, selector: str) -> None:
        """Click on what leads to another page, and wait until that is there."""
        self._loaded = False
        self.click(selector)
        self.browser.wait(lambda: self._loaded, selector)

    @property
    def overflow(self) -> int:
        """How many pixels of the page stand beyond its right edge."""
        return int(self.value("document.documentElement.scrollWidth - document.documentElement.clientWidth"))

    @property
    def faults(self) -> list[str]:
        """Everything that a page without script must not do: complaints, scripts, requests for anything but images over https."""
        strays = [f"{kind} {url}" for kind, url in self.requests if kind != "Image" or not url.startswith("https://")]
        return [*self.complaints, *(f"script {one}" for one in self.scripts), *strays]

    def press(self, key: str) -> None:
        """Press and release a key, by its name."""
        for kind in ("rawKeyDown", "keyUp"):
            self.ask("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key])

    def axe(self) -> list[str]:
        """What axe-core finds against the accessibility of the page."""
        if not AXE.is_file():
            lacking("axe-core (make browser)")
        if self.value("typeof axe") == "undefined":  # later pages of this tab have it, too: half a megabyte is sent twice, not for each
            source = AXE.read_text("utf-8")
            self.ask("Page.addScriptToEvaluateOnNewDocument", source=source, worldName=_WORLD)
            self.value(f"{source}; 0")
        run = "axe.run(document, {preload: false, resultTypes: ['violations']})"
        found = self.value(f"{run}.then(result => JSON.stringify(result.violations))")
        return [f"{one['id']}: {one['help']}: {node['html'][:200]}" for one in json.loads(found) for node in one["nodes"]]

    def picture(self, path: Path, *, whole: bool = False) -> None:
        """Keep what is shown as a PNG file; `whole` is the page to its end."""
        path.write_bytes(b64decode(self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]))

    def hear(self, event: str, said: Message) -> None:
        """Take note of an event, and answer for the network."""
        if event == "Page.loadEventFired":
            self._loaded = True
        elif event == "Fetch.requestPaused":
            self._answer(said)
        elif event == "Debugger.scriptParsed" and said.get("executionContextAuxData", {}).get("isDefault"):
            self.scripts.append(said["url"] or "inline")
        elif event == "Runtime.exceptionThrown":
            self.complaints.append(str(said["exceptionDetails"].get("text")))
        elif event == "Runtime.consoleAPICalled":
            self.complaints.append(f"console.{said['type']}")
        elif event == "Log.entryAdded" and said["entry"]["level"] in {"error", "warning"}:
            self.complaints.append(f"{said['entry']['text']} {said['entry'].get('url', '')}".strip())
        elif event == "Page.javascriptDialogOpening":
            self.scripts.append(f"dialog: {said['message']}")
            self.browser.tell("Page.handleJavaScriptDialog", self.session, accept=False)

    def _answer(self, said: Message) -> None:
        url, kind, paused = said["request"]["url"], said["resourceType"], {"requestId": said["requestId"]}
        if kind != "Document" and not url.endswith("/favicon.ico"):  # which browsers ask for by themselves
            self.requests.append((kind, url))
        if kind == "Image" and url.startswith("https://"):
            type_ = [{"name": "Content-Type", "value": "image/png"}]
            self.browser.tell("Fetch.fulfillRequest", self.session, **paused, responseCode=200, responseHeaders=type_, body=_PIXEL)
        elif url.startswith("http://127.0.0.1:"):
            self.browser.tell("Fetch.continueRequest", self.session, **paused)
        else:
            self.browser.tell("Fetch.failRequest", self.session, **paused, errorReason="BlockedByClient")
