"""The API's page in a real browser: drawn from the document, by the files that ship with it."""

from typing import Final

from playwright.sync_api import Browser

from tests.app_server import AppServer
from tests.browser.console import Console
from tests.docs.test_openapi import OF_DOCUMENT

_PAYING: Final = "#operations-payouts-request_payout"


def test_the_page_shows_every_operation_and_calls_no_other_host(
    browser: Browser, server: AppServer
) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    tab = Console(page, server)
    page.goto(f"{server.url}/docs")
    page.locator(_PAYING).click()
    page.get_by_text("IdempotencyKeyReused").first.wait_for()
    assert page.locator(".opblock").count() == len(OF_DOCUMENT)
    # Read only: no field takes a token, and nothing sends a request.
    assert page.get_by_role("button", name="Authorize").count() == 0
    assert page.get_by_role("button", name="Try it out").count() == 0
    assert page.evaluate("document.documentElement.className") == "dark-mode"
    assert {url for url in asked if not url.startswith((server.url, "data:"))} == set()
    context.close()
    assert tab.errors == []
