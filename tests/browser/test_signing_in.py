"""Signing in to the console: on the user pool's page, with PKCE, and without stored tokens."""

import json
import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Request, Route, expect

from tests.browser.console import Console
from tests.browser.sample_data import SampleData
from tests.browser.users import OPERATOR, PASSWORD


def test_an_operator_signs_in_and_returns_to_the_requested_page(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers")
    console.heading("Customers")
    expect(console.page.get_by_text("operator@example.com").first).to_be_visible()
    assert "code=" not in console.page.url


def test_the_authorization_request_asks_for_a_code_with_pkce_and_a_state(console: Console) -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    console.page.on("request", note)
    console.sign_in(OPERATOR)
    ways = [each for each in asked if "/oauth2/authorize" in each.url and each.method == "GET"]
    query = parse_qs(urlsplit(ways[0].url).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert len(query["state"][0]) >= 43
    (exchange,) = [each for each in asked if each.url.endswith("/oauth2/token")]
    form = parse_qs(exchange.post_data or "")
    assert len(form["code_verifier"][0]) >= 43
    assert form["code_verifier"] != query["code_challenge"]


def test_an_authorization_response_that_this_tab_did_not_request_is_refused(
    console: Console,
) -> None:
    console.page.goto(f"{console.url}?code=stolen&state=of-another-session")
    expect(console.page.get_by_text("This sign-in was not started in this tab")).to_be_visible()
    assert "stolen" not in console.page.url
    # Nor is one whose state is not that of the request in progress.
    console.open()
    console.page.get_by_role("button", name="Sign in").click()
    console.page.get_by_label("E-mail").wait_for()
    console.page.goto(f"{console.url}?code=stolen&state=of-another-session")
    expect(console.page.get_by_text("This sign-in was not started in this tab")).to_be_visible()
    expect(console.page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_wrong_password_does_not_sign_in(console: Console) -> None:
    console.open()
    console.page.get_by_role("button", name="Sign in").click()
    console.page.get_by_label("E-mail").fill(OPERATOR.email)
    console.page.get_by_label("Password").fill("guessed")
    console.page.get_by_role("button", name="Sign in").click()
    expect(console.page.get_by_role("alert")).to_have_text("Incorrect e-mail or password.")


def test_a_reload_signs_in_again_automatically(console: Console) -> None:
    console.sign_in(OPERATOR, "/payouts")
    console.page.reload()
    console.heading("Payouts")
    expect(console.page.get_by_label("Password")).to_have_count(0)


def test_signing_out_ends_the_session_of_the_sign_in_page_and_revokes_the_token(
    console: Console,
) -> None:
    console.sign_in(OPERATOR)
    with console.page.expect_request("**/oauth2/revoke") as asked:
        console.page.get_by_role("button", name="Sign out").click()
    console.heading("Payouts")
    given = parse_qs(asked.value.post_data or "")
    form: dict[str, str | float | bool] = {
        "grant_type": "refresh_token",
        "client_id": given["client_id"][0],
        "refresh_token": given["token"][0],
    }
    route = asked.value.url.replace("/revoke", "/token")
    assert console.page.request.post(route, form=form).status == 400
    console.page.get_by_role("button", name="Sign in").click()
    expect(console.page.get_by_label("Password")).to_be_visible()


def test_a_console_that_is_not_used_signs_out(console: Console) -> None:
    def with_idle_lock(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(response=answer, json=answer.json() | {"idleMinutes": 15})

    console.page.route("**/console/config.json", with_idle_lock)
    console.page.clock.install()
    console.sign_in(OPERATOR)
    console.page.clock.fast_forward("14:00")
    expect(console.page.get_by_role("button", name="Sign out")).to_be_visible()
    console.page.mouse.wheel(0, 10)
    console.page.clock.fast_forward("14:00")
    expect(console.page.get_by_role("button", name="Sign out")).to_be_visible()
    console.page.clock.fast_forward("01:10")
    expect(console.page.get_by_role("button", name="Sign in")).to_be_visible()
    console.page.get_by_role("button", name="Sign in").click()
    expect(console.page.get_by_label("Password")).to_be_visible()


def test_an_expired_token_is_renewed_silently(console: Console) -> None:
    console.sign_in(OPERATOR)
    console.server.callers.clear()  # no token is valid any more; the refresh token still is
    console.go("/customers")
    console.heading("Customers")


def test_a_user_whose_token_cannot_be_renewed_signs_in_and_loses_nothing(console: Console) -> None:
    console.sign_in(OPERATOR, "/customers/new")
    console.page.get_by_label("Name", exact=True).fill("Half typed")
    console.server.callers.clear()
    console.page.route("**/oauth2/token", lambda route: route.abort())
    console.page.get_by_label("PayID", exact=True).fill("half@example.com")
    console.page.get_by_label("Account name").fill("Half typed")
    console.page.get_by_role("button", name="Register").click()
    expect(console.page.get_by_role("alert")).to_contain_text("Your session has ended.")
    expect(console.page.get_by_label("Name", exact=True)).to_have_value("Half typed")
    console.errors.clear()  # the browser's own error on the request that was cut off


def test_nothing_personal_and_no_token_outlives_the_page(
    console: Console, sample: SampleData
) -> None:
    places: list[str] = []
    console.page.on("request", lambda request: places.append(request.url))
    console.sign_in(OPERATOR)
    for place in (
        f"/customers/{sample.customer_id}",
        "/customers",
        f"/payouts/{sample.failed}",
        f"/pay?customer={sample.customer_id}",
        "/pay",
    ):
        console.go(place)
    console.page.get_by_label("Find a customer").fill("Jo Citizen")
    held = console.held_by_browser() + json.dumps(places)
    for secret in ("Citizen", "example.com", PASSWORD, "eyJ", OPERATOR.email):
        assert secret not in held
    # Alone: any two letters may stand in a random code.
    assert not re.search(r"\bJo\b", held)
