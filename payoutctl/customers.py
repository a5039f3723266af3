"""`customer …`: the payees. Names and addresses only on request."""

from pathlib import Path
from typing import Any

import click

from payoutctl import payees
from payoutctl.client import at
from payoutctl.commands import Group, cursor, limit, yes
from payoutctl.files import write_new
from payoutctl.pages import say_rest, say_unreadable
from payoutctl.plain_text import as_json
from payoutctl.session import Session, with_session

names = click.option("--names", is_flag=True, help="Also show the name and the e-mail address.")


@click.group(cls=Group, help="Customers and their destinations.")
def customer() -> None: ...


@customer.command(
    "add", help="Register a customer: asks for the name and the details of the destination."
)
@click.argument("name", required=False)
@click.option("--email")
@click.option("--external-id", help="Your own id for the customer; no personal data.")
@payees.options
@with_session
def add_customer(
    session: Session, /, name: str | None, file: str | None, **more: str | None
) -> None:
    where = {field: more.pop(field) for field in payees.KINDS}
    if file:
        if name or any(more.values()) or any(where.values()):
            raise click.UsageError("With --from, everything is in the file.")
        body = payees.read(file)
    else:
        given: dict[str, Any] = {"name": name or payees.asked("Name"), **more}
        given["destination"] = payees.destination(where)
        body = {field: value for field, value in given.items() if value is not None}
    _show(session, session.api.post("/customers", body), with_names=False)


@customer.command("add-destination", help="Add a destination to a customer.")
@click.argument("customer_id")
@payees.options
@with_session
def add_destination(
    session: Session, /, customer_id: str, file: str | None, **where: str | None
) -> None:
    if file and any(where.values()):
        raise click.UsageError("With --from, everything is in the file.")
    details = payees.read(file) if file else payees.destination(where)
    if details is None:
        raise click.UsageError("Give --pay-id-type, --bsb, or --from.")
    added = session.api.post(at("customers", customer_id, "destinations"), details)
    if session.out.is_json:
        session.out.document(added)
        return
    session.out.pairs(added)


@customer.command("show", help="One customer; destinations are masked.")
@click.argument("customer_id")
@names
@with_session
def show_customer(session: Session, customer_id: str, names: bool) -> None:
    _show(session, session.api.get(at("customers", customer_id)), with_names=names)


@customer.command("list", help="Customers, newest first.")
@limit
@cursor
@names
@with_session
def list_customers(session: Session, limit: int, cursor: str | None, names: bool) -> None:
    page = session.api.get("/customers", limit=limit, cursor=cursor)
    if session.out.is_json:
        shown = [_shown(row, with_names=names) for row in page["items"]]
        session.out.document({**page, "items": shown})
        return
    columns = ["customer_id", "external_id", "destinations", "created_at"]
    columns += ["name", "email"] if names else []
    session.out.rows(
        columns,
        [
            [
                len(row["destinations"]) if name == "destinations" else row.get(name)
                for name in columns
            ]
            for row in page["items"]
        ],
    )
    say_rest(session.out, page)


@customer.command("erase", help="Erase all personal data of a customer, at once and for good.")
@click.argument("customer_id")
@yes
@with_session
def erase_customer(session: Session, customer_id: str, yes: bool) -> None:
    if not yes:
        session.out.say(
            "Name, e-mail and destinations are deleted. The payouts are kept without them."
        )
        click.confirm("Erase this customer? It cannot be undone", abort=True, err=True)
    session.api.delete(at("customers", customer_id))
    session.out.say("Erased.")
    if session.out.is_json:
        session.out.document({"customer_id": customer_id, "erased": True})


@customer.command(
    "verify",
    help="Start the one-cent verification of a destination that another person added or approved.",
)
@click.argument("customer_id")
@click.argument("destination_id")
@click.option("--code", help="The code of the one-cent payment: finishes the verification.")
@with_session
def verify(session: Session, customer_id: str, destination_id: str, code: str | None) -> None:
    path = at("customers", customer_id, "destinations", destination_id, "verification")
    answer = session.api.post(f"{path}/confirm", {"code": code}) if code else session.api.post(path)
    if session.out.is_json:
        session.out.document(answer)
        return
    session.out.pairs(_destination_row(answer))


@customer.command("export", help="All data held on a customer, UNMASKED, for their own request.")
@click.argument("customer_id")
@click.option("--output", "-o", type=click.Path(dir_okay=False, writable=True), help="A file.")
@yes
@with_session
def export(session: Session, customer_id: str, output: str | None, yes: bool) -> None:
    if not yes:
        session.out.say("This shows account numbers and names. The access is recorded.")
        click.confirm("Export it?", abort=True, err=True)
    document = _exported(session, customer_id)
    say_unreadable(session.out, document)
    if output:
        write_new(Path(output), as_json(document))
        session.out.say(f"Written to {output}, which only you can read.")
        if session.out.is_json:
            session.out.document({"customer_id": customer_id, "file": output})
        return
    session.out.document(document)


def _exported(session: Session, customer_id: str) -> Any:
    """The pages put together: the customer is on the first, payouts are on all."""
    first, *others = session.api.pages(at("customers", customer_id, "export"))
    for page in others:
        first["payouts"] += page["payouts"]
        first["unreadable"] += page["unreadable"]
    return first | {"next_cursor": None}


@customer.command(
    "accesses", help="Access to a customer's details: by whom, when, and the purpose."
)
@click.argument("customer_id")
@cursor
@with_session
def accesses(session: Session, customer_id: str, cursor: str | None) -> None:
    page = session.api.get(at("customers", customer_id, "accesses"), cursor=cursor)
    if session.out.is_json:
        session.out.document(page)
        return
    columns = ["at", "by", "purpose", "destination_id", "transaction_id"]
    session.out.rows(columns, [[row.get(name) for name in columns] for row in page["items"]])
    say_rest(session.out, page)


def _shown(customer: Any, *, with_names: bool) -> dict[str, Any]:
    """A customer as the API has it, without whom it is where that was not asked for."""
    return {
        name: value
        for name, value in customer.items()
        if with_names or name not in ("name", "email")
    }


def _show(session: Session, shown: Any, *, with_names: bool) -> None:
    if session.out.is_json:
        session.out.document(_shown(shown, with_names=with_names))
        return
    session.out.pairs(
        {
            "customer_id": shown["customer_id"],
            "external_id": shown.get("external_id"),
            "name": shown["name"] if with_names else None,
            "email": shown["email"] if with_names else None,
            "created_at": shown["created_at"],
            "updated_at": shown["updated_at"],
        }
    )
    for destination in shown["destinations"]:
        session.out.text("")
        session.out.pairs(_destination_row(destination))


def _destination_row(destination: Any) -> dict[str, object]:
    checked = destination.get("verification") or {}
    return {
        "destination_id": destination.get("destination_id"),
        "type": destination.get("pay_id_type") or destination.get("type"),
        "masked": destination.get("masked"),
        "created_at": destination.get("created_at"),
        "verification": checked.get("status"),
        "owner_name_matches": checked.get("owner_name_matches"),
    }
