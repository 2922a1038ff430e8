"""A headless Chromium driven over its DevTools pipe: clicks, keys and pictures, as a person works.

The pipe (``--remote-debugging-pipe``) carries JSON messages that end with a zero byte, so that no web socket
is needed. Source: chromedevtools.github.io/devtools-protocol (Target, Runtime, Input, Page).
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_PATIENCE_S = 60
_CODES = {"Escape": 27, "Enter": 13, "Tab": 9, "ArrowRight": 39, "ArrowLeft": 37, "Delete": 46}
_CTRL, _SHIFT = 2, 8


def find_chromium() -> str | None:
    """Return the program, None without one."""
    return next((found for found in map(shutil.which, _NAMES) if found), None)


class Browser:
    """A browser process with a profile of its own."""

    def __init__(self, program: str, profile: Path) -> None:
        to_browser, self._writing = os.pipe()
        self._reading, from_browser = os.pipe()
        # the browser wants its pipe as files 3 and 4
        command = f'exec "$@" 3<&{to_browser} 4>&{from_browser}'
        options = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--mute-audio"]
        options += ["--remote-debugging-pipe", f"--user-data-dir={profile}", "--window-size=1400,900"]
        self._process = subprocess.Popen(
            ["bash", "-c", command, "bash", program, *options, "about:blank"],
            pass_fds=(to_browser, from_browser),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self._numbers = itertools.count(1)
        self._kept = b""
        self._tabs: dict[str, Tab] = {}

    def open(self, url: str, width: int = 1400, height: int = 900) -> Tab:
        """Open a tab at an address."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        tab = self._tabs[session] = Tab(self, session, target)
        for domain in ("Page", "Runtime", "Log"):
            tab.call(f"{domain}.enable")
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        tab.call("Emulation.setDeviceMetricsOverride", size)
        tab.call("Page.navigate", {"url": url})
        return tab

    def call(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> Any:
        """Ask the browser for something and return its answer."""
        number = self.send(method, params, session)
        while True:
            answer = self._receive()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                return answer["result"]
            tab = self._tabs.get(answer.get("sessionId", ""))
            if tab is not None and "method" in answer:
                tab.notice(answer["method"], answer["params"])

    def send(self, method: str, params: dict[str, Any] | None = None, session: str | None = None) -> int:
        """Ask the browser for something without waiting; return the number that the answer will have."""
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params or {}}
        if session is not None:
            message["sessionId"] = session
        os.write(self._writing, json.dumps(message).encode() + b"\0")
        return number

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._kept:
            ready, _, _ = select.select([self._reading], [], [], _PATIENCE_S)
            assert ready, "the browser does not answer"
            read = os.read(self._reading, 1 << 20)
            assert read, "the browser has ended"
            self._kept += read
        message, self._kept = self._kept.split(b"\0", 1)
        answer: dict[str, Any] = json.loads(message)
        return answer

    def close(self) -> None:
        """End the browser."""
        os.write(self._writing, json.dumps({"id": 0, "method": "Browser.close"}).encode() + b"\0")
        try:
            self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._writing)
        os.close(self._reading)


class Tab:
    """One tab.

    Attributes:
        errors: What its console complained of.
        dialogs: Kinds of dialogs that came up, each accepted at once.
    """

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self._browser, self._session, self._target = browser, session, target
        self.errors: list[str] = []
        self.dialogs: list[str] = []

    def call(self, method: str, params: dict[str, Any] | None = None) -> Any:
        """Ask this tab for something."""
        return self._browser.call(method, params, self._session)

    def notice(self, method: str, params: dict[str, Any]) -> None:
        """Take in an event."""
        if method == "Runtime.exceptionThrown":
            self.errors.append(json.dumps(params["exceptionDetails"])[:500])
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])
        elif method == "Page.javascriptDialogOpening":
            self.dialogs.append(params["type"])
            # the page stands still until it is answered
            self._browser.send("Page.handleJavaScriptDialog", {"accept": True}, self._session)

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of the page."""
        params = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self.call("Runtime.evaluate", params)
        assert "exceptionDetails" not in answer, (expression, answer["exceptionDetails"])
        return answer["result"].get("value")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true."""
        ends = time.monotonic() + _PATIENCE_S
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < ends, (
                expression,
                self.errors,
                self.evaluate("document.body.innerText"),
            )
            time.sleep(0.02)

    def click(self, selector: str, meanwhile: str = "") -> None:
        """Click with the mouse in the middle of an element; ``meanwhile`` happens before it is released."""
        found = f"document.querySelector({json.dumps(selector)})"
        self.wait(found)
        box = f"{found}.scrollIntoView({{block: 'nearest'}}), {found}.getBoundingClientRect()"
        x, y = self.evaluate(f"(box => [box.x + box.width / 2, box.y + box.height / 2])(({box}))")
        for kind in ("mousePressed", "mouseReleased"):
            at = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", at)
            if meanwhile and kind == "mousePressed":
                self.wait(meanwhile)

    def press(self, key: str, *, ctrl: bool = False, shift: bool = False) -> None:
        """Press a key."""
        code = _CODES.get(key, ord(key[0].upper()))
        event = {
            "key": key,
            "windowsVirtualKeyCode": code,
            "modifiers": (_CTRL if ctrl else 0) | (_SHIFT if shift else 0),
        }
        text = (
            {"text": "\r" if key == "Enter" else key} if len(key) == 1 and not ctrl or key == "Enter" else {}
        )
        self.call("Input.dispatchKeyEvent", {"type": "keyDown", **event, **text})
        self.call("Input.dispatchKeyEvent", {"type": "keyUp", **event})

    def go_offline(self, away: bool) -> None:
        """Cut the tab off from every server, or connect it again."""
        self.call("Network.enable")
        conditions = {"offline": away, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.call("Network.emulateNetworkConditions", conditions)

    def text(self, selector: str) -> str:
        """Return what an element shows."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def count(self, selector: str) -> int:
        """Return how many elements there are."""
        return int(self.evaluate(f"document.querySelectorAll({json.dumps(selector)}).length"))

    def screenshot(self, path: Path) -> Path:
        """Save what is seen."""
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))
        return path

    def close(self) -> None:
        """Close the tab without asking the page."""
        self._browser.call("Target.closeTarget", {"targetId": self._target})
