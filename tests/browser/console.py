"""A page object of the console: what a user can do in one browser tab."""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import ConsoleMessage, Page, ViewportSize, expect

from tests.app_server import AppServer
from tests.browser.users import PASSWORD, User

SCREENSHOTS: Final = Path(__file__).parents[2] / "build" / "screenshots"
_AXE: Final = files("axe_playwright_python") / "axe.min.js"
WIDE: Final[ViewportSize] = {"width": 1280, "height": 860}
PHONE: Final[ViewportSize] = {"width": 360, "height": 740}


@dataclass
class Console:
    """One tab. `errors` are what the browser reports: scripts that fail, and what the
    Content-Security-Policy forbids.
    """

    page: Page
    server: AppServer
    errors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_error)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_error(self, message: ConsoleMessage) -> None:
        # The browser reports every answer that is no success; the page handles these.
        is_answer = message.text.startswith("Failed to load resource")
        if message.type == "error" and not is_answer:
            self.errors.append(message.text)

    @property
    def url(self) -> str:
        return f"{self.server.url}/console"

    def open(self, place: str = "/") -> None:
        self.page.goto(f"{self.url}#{place}")

    def sign_in(self, person: User, place: str = "/") -> None:
        """Signs in on the sign-in page and opens a page of the console."""
        self.open(place)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_label("E-mail").fill(person.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.locator("#main")).to_be_attached()
        self.settled()

    def go(self, place: str) -> None:
        """Navigates to another page of the console, without a reload."""
        self.page.evaluate("place => { location.hash = place }", place)
        self.page.wait_for_function("place => location.hash === '#' + place", arg=place)
        self.settled()

    def settled(self) -> None:
        """Returns when the page has loaded all of its data."""
        expect(self.page.locator("#main h1").first).to_be_visible()
        expect(self.page.locator(".skeleton")).to_have_count(0)

    def heading(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(text)

    def confirm(self, label: str, **fields: str) -> None:
        """Fills a dialog in and presses its button."""
        dialog = self.page.get_by_role("dialog")
        for name, value in fields.items():
            dialog.locator(f"[name={name}]").fill(value)
        dialog.get_by_role("button", name=label, exact=True).click()
        expect(dialog).to_be_hidden()

    def violations(self) -> list[str]:
        """The accessibility violations that axe-core finds on the page as it is shown now."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(_AXE.read_text())
        found = self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        assert found["passes"]  # axe-core did run
        return [
            f"{rule['id']}: {node['html'][:160]}"
            for rule in found["violations"]
            for node in rule["nodes"]
        ]

    def shoot(self, name: str) -> None:
        """Saves a screenshot of the whole page, where SCREENSHOTS is set: each takes a while."""
        if not os.environ.get("SCREENSHOTS"):
            return
        file = SCREENSHOTS / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=file, full_page=True)

    def held_by_browser(self) -> str:
        """What the browser keeps of the page: its address, storages, cookies."""
        found: Sequence[Any] = self.page.evaluate(
            "() => [location.href, document.title, document.cookie,"
            " ...Object.entries(localStorage), ...Object.entries(sessionStorage)]"
        )
        return str(found)
