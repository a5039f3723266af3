"""Who is disabled is out at once, however long their token is good."""

from tests.payouts.test_approvals import with_settings
from tests.web.test_access import ADMINS, INTERNAL, Fixture
from tests.world import ADMIN, APPROVER, ROLE, World


def test_a_disabled_person_may_do_nothing_at_once(world: World) -> None:
    """Seen: a person who was disabled in the user pool went on for up to an hour."""
    fixture = Fixture(world)
    world.container.gatekeeper.disable(APPROVER)
    before = fixture.snapshot()
    for route in ADMINS:
        answer = fixture.ask(world.approver, route)
        assert (answer.status, answer.code) == (403, "Forbidden"), route
    assert fixture.snapshot() == before
    assert world.admin.get("/me").status == 200
    world.container.gatekeeper.enable(APPROVER)
    assert world.approver.get("/me").status == 200


def test_a_disabled_person_is_not_even_shown_what_was_paid_under_their_key(world: World) -> None:
    ask = {"customer_id": world.customer(), "amount": 5}
    assert world.admin.post("/payouts", ask, Idempotency_Key="key-1").status == 202
    world.container.gatekeeper.disable(ADMIN)
    again = world.admin.post("/payouts", ask, Idempotency_Key="key-1")
    assert (again.status, again.code) == (403, "Forbidden")


def test_a_service_can_be_disabled_too_whatever_its_session_is_called(world: World) -> None:
    ask = {"customer_id": world.customer(), "amount": 5}
    world.container.gatekeeper.disable(ROLE.rpartition("/")[0])
    assert world.service.post("/internal/payouts", ask).code == "Forbidden"
    assert len(world.monoova.received) == 0
    fixture = Fixture(world)
    before = fixture.snapshot()
    for route in INTERNAL:
        answer = fixture.ask(world.service, route)
        assert (answer.status, answer.code) == (403, "Forbidden"), route
    assert fixture.snapshot() == before


def test_the_roles_of_a_disabled_person_are_out_with_them(world: World) -> None:
    with_settings(world, SAME_PERSON=f"{APPROVER}=arn:aws:iam::111122223333:role/Payer")
    world.container.gatekeeper.disable(APPROVER)
    ask = {"customer_id": world.customer(), "amount": 5}
    assert world.service.post("/internal/payouts", ask).code == "Forbidden"
    assert world.service.get("/internal/payouts").code == "Forbidden"


def test_the_list_stays_while_the_breakers_and_the_switch_change_the_record(world: World) -> None:
    world.container.gatekeeper.disable(APPROVER)
    for path in ("/sending/pause", "/sending/resume", "/sending/reset"):
        body = {"reason": "x"} if path.endswith("pause") else {}
        assert world.admin.post(path, body).status == 200
    assert world.approver.get("/me").status == 403
