"""A CSV file of payouts: what is read from it, and all errors of all lines at once."""

import codecs
from dataclasses import astuple, dataclass, replace
from typing import Final

import pytest

from chalicelib.batches import csv_file
from chalicelib.batches.csv_file import File, Line, read
from chalicelib.batches.rules.batch import CHUNK_ROWS, MOST_ROWS, Row
from chalicelib.batches.store.items import text_of_rows

ONE: Final = "3f0c4a6e-0000-4000-8000-000000000001"
OTHER: Final = "3f0c4a6e-0000-4000-8000-000000000002"
LIMIT_CENTS: Final = 100_000
HEADER: Final = "customer_id,amount,reference\n"


def read_text(text: str) -> File:
    return read(text.encode(), LIMIT_CENTS)


def errors_of(text: str) -> dict[str, list[str]]:
    return {line: list(messages) for line, messages in read_text(text).errors.listed().items()}


def test_every_column_is_read() -> None:
    text = (
        "External_ID , amount,Customer_Id,description,reference,destination_id\n"
        f" C-1 ,125.5,{ONE},Rent for May,Invoice 7,{OTHER}\n"
    )
    assert read_text(text).lines == (
        Line(2, ONE, "C-1", OTHER, 12550, "Invoice 7", "Rent for May"),
    )


def test_an_empty_cell_is_an_absent_field() -> None:
    (line,) = read_text(f"customer_id,external_id,amount,reference\n{ONE},,1,\n").lines
    assert (line.external_id, line.reference, line.description) == (None, None, None)


@pytest.mark.parametrize(
    "content",
    [
        codecs.BOM_UTF8 + f"{HEADER}{ONE},1.00,Caf\u00e9\n".encode(),
        f"{HEADER}{ONE},1.00,Caf\u00e9\n".replace("\n", "\r\n").encode(),
        f"{HEADER}\n\n{ONE},1.0,Caf\u00e9\n,,\n".encode(),
        f'"customer_id","amount","reference"\n"{ONE}","1","Caf\u00e9"'.encode(),
    ],
    ids=["with a byte order mark", "with Windows' lines", "with empty lines", "all in quotes"],
)
def test_a_file_is_the_same_batch_however_it_was_saved(content: bytes) -> None:
    plain = read_text(f"{HEADER}{ONE},1.00,Caf\u00e9\n")
    assert read(content, LIMIT_CENTS).ids() == plain.ids()


@pytest.mark.parametrize(
    "rows",
    [
        f"{ONE},1.01,a\n{OTHER},2,b",
        f"{ONE},1,a\n{OTHER},2,c",
        f"{OTHER},1,a\n{ONE},2,b",
        f"{OTHER},2,b\n{ONE},1,a",
        f"{ONE},1,a\n{OTHER},2,b\n{ONE},1,a",
    ],
)
def test_other_rows_are_another_batch(rows: str) -> None:
    usual = read_text(f"{HEADER}{ONE},1,a\n{OTHER},2,b")
    assert read_text(HEADER + rows).ids() != usual.ids()


# A batch is found by it: a file that was paid under another id would be paid again.
def test_the_id_of_a_file_is_what_it_was() -> None:
    columns = "customer_id,external_id,destination_id,amount,reference,description"
    text = f"{columns}\n{ONE},,,1,,\n{ONE},C-1,{OTHER},2,Invoice 7,Rent\n"
    assert read_text(text).ids().of(0) == "746732f1-e239-5f10-9c0c-01c593e4583e"


@dataclass(frozen=True, slots=True)
class LaterLine(Line):
    """A row after a deployment that added a column."""

    pay_on: str | None = None


def test_a_new_column_changes_the_id_of_no_file_without_it() -> None:
    file = read_text(f"{HEADER}{ONE},1,a\n{OTHER},2,b")
    lines = [LaterLine(*astuple(line)) for line in file.lines]
    assert File(tuple(lines), file.errors).ids() == file.ids()
    dated = (lines[0], replace(lines[1], pay_on="2026-03-09"))
    assert File(dated, file.errors).ids() != file.ids()


def test_lines_are_counted_as_an_editor_does() -> None:
    text = f'{HEADER}\n{ONE},1,"two\nlines"\n{ONE},no,x\n'
    assert errors_of(text) == {
        "line 3": ["reference: must be one line of visible characters."],
        "line 5": ["amount: Not a decimal amount such as 125.50."],
    }


@pytest.mark.parametrize(
    ("row", "messages"),
    [
        (",1,", ["customer_id or external_id: missing."]),
        ("jo,1,", ["customer_id: not an id."]),
        (f"{ONE.upper()},1,", ["customer_id: not an id."]),
        (f"{ONE},,", ["amount: missing."]),
        (f"{ONE},0,", ["amount: must be at least 0.01."]),
        (f"{ONE},-1,", ["amount: Not a decimal amount such as 125.50."]),
        (f"{ONE},1.005,", ["amount: Not a decimal amount such as 125.50."]),
        (f'{ONE},"1,000",', ["amount: Not a decimal amount such as 125.50."]),
        (f"{ONE},$5,", ["amount: Not a decimal amount such as 125.50."]),
        (f"{ONE},1000.01,", ["amount: more than the limit of A$1000.00."]),
        (f"{ONE},1,{'x' * 281}", ["reference: more than 280 characters."]),
        (f"{ONE},1,a\u0000b", ["reference: must be one line of visible characters."]),
        (f"{ONE},1", ["2 cells, where the header has 3."]),
        (f"{ONE},1,a,b", ["4 cells, where the header has 3."]),
        ("jo,no,", ["customer_id: not an id.", "amount: Not a decimal amount such as 125.50."]),
    ],
)
def test_a_row_that_cannot_be_paid_is_reported_with_all_of_its_errors(
    row: str, messages: list[str]
) -> None:
    text = f"{HEADER}{ONE},1,good\n{row}\n{OTHER},2,good\n"
    assert errors_of(text) == {"line 3": messages}
    assert len(read_text(text).lines) == 2


def test_an_external_id_and_a_destination_must_look_like_one() -> None:
    text = (
        f"external_id,destination_id,amount\njo@example.com,there,1\n-x,{ONE},1\nC/1.a:b_c-d,,1\n"
    )
    assert errors_of(text) == {
        "line 2": ["destination_id: not an id.", "external_id: not valid."],
        "line 3": ["external_id: not valid."],
    }


def test_texts_that_the_database_cannot_hold_are_reported() -> None:
    header = "customer_id,amount,reference,description\n"
    for letter, is_good in (("x", True), ("\u20ac", False), ("\U0001f600", False)):
        errors = errors_of(f"{header}{ONE},1,{letter * 280},{letter * 500}\n")
        wrong = {"line 2": ["reference and description: more than 1200 bytes together."]}
        assert errors == ({} if is_good else wrong)


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("", "line 1", "amount is missing"),
        ("customer_id,reference\n", "line 1", "amount is missing"),
        ("amount\n1\n", "line 1", "One of the columns"),
        ("customer_id,amount,amount\n", "line 1", "there twice"),
        ("customer_id;amount\n", "line 1", "Unknown columns: number 1. "),
        ("customer_id,amount,,iban\n", "line 1", "Unknown columns: number 3, 4. "),
        (HEADER, "line 2", "There are no rows."),
        (f'{HEADER}{ONE},1,"open\n{ONE},2,b\n', "line 2", "Not CSV"),
        (f'{HEADER}{ONE},1,a\n{ONE},1,"a"b"\n', "line 3", "Not CSV"),
        (f"{HEADER}{ONE},1,{'x' * 200_000}\n", "line 2", "Not CSV"),
    ],
)
def test_a_file_that_is_no_file_of_payouts_is_refused(text: str, line: str, part: str) -> None:
    assert part in " ".join(errors_of(text)[line])


def test_a_file_in_another_encoding_is_reported_with_its_line() -> None:
    content = f"{HEADER}{ONE},1,a\n{ONE},2,Caf\u00e9\n".encode("latin-1")
    assert read(content, LIMIT_CENTS).errors.listed() == {"line 3": ["Not UTF-8 text."]}


def test_a_file_may_have_20_000_rows_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MOST_ROWS == 20_000
    monkeypatch.setattr(csv_file, "MOST_ROWS", 3)
    assert errors_of(HEADER + f"{ONE},1,\n" * 3) == {}
    errors = errors_of(HEADER + f"{ONE},1,\n" * 5)
    assert errors == {"line 5": ["More than 3 rows: divide the file."]}


def test_a_thousand_lines_with_errors_are_listed_and_the_others_counted() -> None:
    errors = errors_of(HEADER + f"{ONE},no,\n" * 1203)
    assert len(errors) == 1001
    assert list(errors)[:2] == ["line 2", "line 3"]
    assert errors["more"] == ["203 further lines have errors."]


def test_no_error_repeats_what_stands_in_a_cell() -> None:
    row = f"jo@example.com,0412 345 678,{'Jo Citizen' * 40}\n"
    for text in (row, HEADER + row):
        errors = str(errors_of(text)).lower()
        assert not [word for word in ("jo@", "0412", "citizen") if word in errors]


def test_the_longest_rows_of_a_chunk_fit_in_one_item() -> None:
    texts = {"reference": '"' * 280, "description": '"' * 310}
    given = (texts["reference"], texts["description"], 1_000_000)
    row = Row(1_000_000, ONE, 999_999_999, OTHER, "x" * 64, *given)
    line = f"customer_id,amount,reference,description\n{ONE},1,"
    assert not errors_of(line + ",".join(f'"{text * 2}"' for text in texts.values()))
    assert len(text_of_rows([row] * CHUNK_ROWS).encode()) < 400_000


def test_a_replacement_character_is_reported_in_any_column() -> None:
    errors = "A character was lost when the file was saved: save it as UTF-8."
    assert errors in errors_of(f"{HEADER}{ONE},1,Caf\ufffd\n")["line 2"]
    header = "external_id,amount\n"
    assert errors in errors_of(f"{header}C-\ufffd,1\n")["line 2"]
