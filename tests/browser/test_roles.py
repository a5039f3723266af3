"""Roles in the console: what a user may not do is not offered, and the page says who may."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Final

from playwright.sync_api import expect

from tests.browser.console import Console
from tests.browser.sample_data import SampleData
from tests.browser.users import VIEWER

PLACES: Final = (
    "/",
    "/payouts",
    "/payouts/{failed}",
    "/payouts/{review}",
    "/payouts/{pending}",
    "/customers",
    "/customers/{customer_id}",
    "/customers/new",
    "/pay",
    "/batches",
    "/approvals",
    "/review",
    "/dead-letters",
    "/reports",
    "/reports/{reported}",
)
# These change nothing, or only what the viewer sees.
_HARMLESS: Final = {"Sign out", "Show more", "Copy", "7 days", "30 days", "90 days"}
_DEEDS: Final = ("New payout", "Pay", "Register")


def _offered(console: Console) -> Iterator[str]:
    for text in console.page.get_by_role("button").all_inner_texts():
        if text.strip() and text not in _HARMLESS:
            yield text
    for text in console.page.get_by_role("link").all_inner_texts():
        if text.startswith(_DEEDS) and text != "Payouts":
            yield text


def test_a_viewer_is_offered_nothing_that_changes_anything(
    console: Console, sample: SampleData
) -> None:
    console.sign_in(VIEWER)
    for place in PLACES:
        console.go(place.format(**asdict(sample)))
        assert list(_offered(console)) == [], place


def test_a_viewer_is_shown_who_may(console: Console) -> None:
    console.sign_in(VIEWER, "/pay")
    expect(console.page.get_by_text("Paying needs the operator role.")).to_be_visible()
