"""Every page of the console: accessibility, dark mode, phone layout; each with a screenshot."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final

import pytest

from tests.browser.console import PHONE, Console
from tests.browser.sample_data import SampleData
from tests.browser.users import APPROVER

PLACES: Final = {
    "overview": "/",
    "payouts": "/payouts",
    "payout-completed": "/payouts/{completed}",
    "payout-failed": "/payouts/{failed}",
    "payout-in-review": "/payouts/{review}",
    "payout-pending": "/payouts/{pending}",
    "pay-payee": "/pay",
    "pay": "/pay?customer={customer_id}",
    "customers": "/customers",
    "customer": "/customers/{customer_id}",
    "customer-new": "/customers/new",
    "batches": "/batches",
    "approvals": "/approvals",
    "review": "/review",
    "dead-letters": "/dead-letters",
    "reports": "/reports",
    "report": "/reports/{reported}",
}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "color_scheme": "dark"},
}


def is_wider_than_its_window(console: Console) -> bool:
    return bool(console.page.evaluate("document.documentElement.scrollWidth > innerWidth"))


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_accessible_and_fits(
    new_console: Callable[..., Console], sample: SampleData, look: str
) -> None:
    console = new_console(**LOOKS[look])
    console.open()
    console.page.get_by_role("button", name="Sign in").wait_for()
    console.shoot(f"{look}/welcome")
    wrong = {"welcome": console.violations()}
    console.sign_in(APPROVER)
    for name, place in PLACES.items():
        console.go(place.format(**asdict(sample)))
        console.shoot(f"{look}/{name}")
        wrong[name] = console.violations()
        assert not is_wider_than_its_window(console), name
    assert {name: found for name, found in wrong.items() if found} == {}


def test_a_dialog_is_accessible_and_gives_the_focus_back(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(APPROVER, f"/payouts/{sample.review}")
    console.page.get_by_role("button", name="Resolve").press("Enter")
    dialog = console.page.get_by_role("dialog")
    dialog.wait_for()
    console.shoot("light/dialog")
    assert console.violations() == []
    console.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    focused = console.page.evaluate("document.activeElement.textContent")
    assert focused == "Resolve"


def test_the_menu_of_a_phone_opens_and_closes_by_keyboard(
    new_console: Callable[..., Console],
) -> None:
    console = new_console(viewport=PHONE)
    console.sign_in(APPROVER, "/payouts")
    menu = console.page.get_by_role("button", name="Menu")
    menu.press("Enter")
    console.page.get_by_role("link", name="Customers").wait_for()
    console.shoot("phone/menu")
    assert console.violations() == []
    console.page.keyboard.press("Escape")
    console.page.get_by_role("link", name="Customers").wait_for(state="hidden")
    menu.press("Enter")
    console.page.get_by_role("link", name="Customers").press("Enter")
    console.heading("Customers")
    console.page.get_by_role("link", name="Approvals").wait_for(state="hidden")
