"""Every page of the console: accessibility, dark mode, phone layout."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Final, Literal

from playwright.sync_api import ViewportSize

from tests.browser.console import PHONE, WIDE, Console
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
LOOKS: Final[dict[str, tuple[Literal["light", "dark"], ViewportSize]]] = {
    "light": ("light", WIDE),
    "dark": ("dark", WIDE),
    "phone": ("dark", PHONE),
}


def wrong_with(console: Console, name: str) -> Iterator[str]:
    """What a person would meet on the page as it is shown now, in each look."""
    for look, (scheme, viewport) in LOOKS.items():
        console.page.emulate_media(color_scheme=scheme)
        console.page.set_viewport_size(viewport)
        console.shoot(f"{look}/{name}")
        for violation in console.violations():
            yield f"{look}/{name}: {violation}"
        if console.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"{look}/{name}: wider than its window"


def test_every_page_is_accessible_and_fits(console: Console, sample: SampleData) -> None:
    console.open()
    console.page.get_by_role("button", name="Sign in").wait_for()
    wrong = [*wrong_with(console, "welcome")]
    console.page.set_viewport_size(WIDE)
    console.sign_in(APPROVER)
    for name, place in PLACES.items():
        console.go(place.format(**asdict(sample)))
        wrong += wrong_with(console, name)
    assert wrong == []


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
