"""Signing in: by the user pool's own page, with PKCE, and with nothing left behind."""

from playwright.sync_api import expect

from tests.browser.console import Console
from tests.browser.people import OPERATOR


def test_an_operator_signs_in_and_comes_back_to_where_they_wanted_to_go(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers")
    console.heading("Customers")
    expect(console.page.get_by_text("operator@example.com")).to_be_visible()
    console.shoot("first")
