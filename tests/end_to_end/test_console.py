"""The console as it is deployed: through the gateway, with real tokens of the user pool."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import chromium
from tools.devstack.aws import User
from tools.devstack.stack import Stack


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium.launched() as found:
        yield found


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def sign_in(page: Page, address: str, user: User) -> None:
    page.goto(address)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("E-mail").fill(user.email)
    page.get_by_label("Password").fill(user.password)
    page.get_by_role("button", name="Sign in").click()


def test_an_operator_registers_a_customer_pays_them_and_sees_the_payout_completed(
    stack: Stack, page: Page
) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    sign_in(page, f"{stack.console_url}#/customers/new", stack.user("operators"))
    expect(page.get_by_text("Sandbox: no money moves")).to_be_visible()
    page.get_by_label("Name", exact=True).fill("Casey Console")
    page.get_by_label("PayID", exact=True).fill("casey.console@example.com")
    page.get_by_label("Account name").fill("Casey Console")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("link", name="Pay", exact=True).click()
    page.get_by_label("Amount").fill("21.50")
    page.get_by_role("button", name="Check").click()
    page.get_by_role("button", name="Pay $21.50").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("$21.50 to Casey Console")
    expect(page.locator(".head .badge")).to_have_text("Completed", timeout=30_000)
    assert complaints == []


def test_the_page_and_its_scripts_are_served_with_a_strict_policy(stack: Stack, page: Page) -> None:
    answers: dict[str, str] = {}
    page.on(
        "response",
        lambda answer: answers.update(
            {answer.url: answer.headers.get("content-security-policy", "")}
        ),
    )
    page.goto(stack.console_url)
    page.get_by_role("button", name="Sign in").wait_for()
    # A browser takes its time with the icon.
    icon = page.request.get(f"{stack.console_url}/icon.svg")
    answers[icon.url] = icon.headers.get("content-security-policy", "")
    policies = {url: text for url, text in answers.items() if not url.endswith("config.json")}
    assert len(policies) >= 4  # the page, its style sheet, its script, its icon
    for url, policy in policies.items():
        assert policy.startswith("default-src 'none'"), url
        assert "unsafe" not in policy
        assert re.search(rf"connect-src 'self' {re.escape(stack.sign_in_url)}(;|$)", policy)
