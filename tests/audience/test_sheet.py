from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syndicate.audience.formats.layout import lay_out
from syndicate.audience.sheet import LONGEST_LINE, Record, Sheet, Writer, guarded, unguarded
from syndicate.errors import RosterError

KNOWN = ("email", "name")


def _sheet(data: bytes) -> Sheet:
    return Sheet(io.BytesIO(data), "people.csv", lambda names: lay_out(names, {}))


def _rows(data: bytes) -> list[Record]:
    return list(_sheet(data))


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_any_spreadsheet(mark: str, end: str, encoding: str) -> None:
    lines = [
        ["Name", " E-mail", "EMAIL "],
        ["Zoë", "", "zoe@example.org"],
        ["", "", ""],
        ["“Jo”", "x", "jo@example.org"],
    ]
    data = end.join(mark.join(cells) for cells in lines).encode(encoding)
    sheet = _sheet(data)
    assert sheet.names == ["Name", "E-mail", "EMAIL"]
    assert sheet.layout.places == {"email": (2,), "name": (0,)}
    assert sheet.ignored == ("E-mail",)
    assert list(sheet) == [Record(2, lines[1]), Record(4, lines[3])]
    assert sheet.windows_lines == (2 if encoding == "cp1252" else 0)


def test_one_line_in_windows_1252_does_not_spoil_the_others() -> None:
    data = b"email,name\na@b.example," + "Zoë".encode() + b"\nc@d.example," + "Zoë".encode("cp1252") + b"\n"
    assert [record.cells[1] for record in _rows(data)] == ["Zoë", "Zoë"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "it is empty"),
        (b"\xef\xbb\xbf\r\n \n", "it is empty"),
        (b"a@b.example,Ana\n", "must name the columns, 'email' among them"),
        (b"PK\x03\x04\x14\0\0", "not CSV text"),
        ("email,name\n".encode("utf-16"), "not CSV text"),
        (b"email" * LONGEST_LINE, "not CSV text"),
        (b"email,name,Email\n", "'email' more than once"),
        (b'email,"name\n', "must name the columns"),
    ],
)
def test_files_that_are_no_roster(data: bytes, reason: str) -> None:
    with pytest.raises(RosterError, match=reason) as refused:
        _sheet(data)
    assert str(refused.value).startswith("people.csv: ")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        (b"a@b.example", "1 column where the first line has 2"),
        (b"a@b.example,Ana,x", "3 columns where the first line has 2"),
        (b"a@b.example,A\0na", "a NUL character"),
        (b'a@b.example,"Ana', "quotation mark"),
        (b'a@b.example,"An"a', "quotation mark"),
        (b"a@b.example,\x81", "neither UTF-8 nor Windows-1252"),
        (b"a@b.example," + b"x" * LONGEST_LINE, "too long"),
        (b"a@b.example," + b"x" * 700_000, "too long"),
    ],
)
def test_a_bad_row_does_not_touch_the_next(row: bytes, fault: str) -> None:
    bad, good = _rows(b"email,name\n" + row + b"\nc@d.example,Carl\n")
    assert fault in bad.fault
    assert bad.line == 2
    assert good == Record(3, ["c@d.example", "Carl"])


def test_a_column_that_nobody_reads_may_span_lines() -> None:
    data = b'email,name,notes\na@b.example,Ana,"one\ntwo, ""2""\r\nthree"\nc@d.example,Carl,\n'
    assert _rows(data) == [
        Record(2, ["a@b.example", "Ana", 'one\ntwo, "2"\nthree']),
        Record(5, ["c@d.example", "Carl", ""]),
    ]


def test_quotes_with_a_backslash_are_quotes_too() -> None:
    assert _rows(b'email,name\na@b.example,"Ana \\"Jo\\" K"\nc@d.example,"C:\\"\n') == [
        Record(2, ["a@b.example", 'Ana "Jo" K']),
        Record(3, ["c@d.example", "C:\\"]),
    ]


def test_a_stray_quote_does_not_swallow_rows_up_to_the_next() -> None:
    rows = _rows(b'email,name\na@b.example,"Ana\nc@d.example,Carl\ne@f.example,"Eva\ng@h.example,Gus\n')
    assert [(record.line, bool(record.fault)) for record in rows] == [(2, True), (3, False), (4, True), (5, False)]


_CELL = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(_CELL, _CELL), max_size=8))
def test_what_is_written_is_read(rows: list[tuple[str, str]]) -> None:
    out = io.StringIO()
    writer = Writer(out)
    writer.write(KNOWN)
    for row in rows:
        writer.write(row)
    found = [tuple(map(unguarded, record.cells)) for record in _rows(out.getvalue().encode())]
    assert found == [row for row in rows if any(guarded(cell).strip() for cell in row)]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=20) | st.text("'=+-@\t\ra", max_size=6))
def test_no_cell_is_a_formula_and_none_is_changed(cell: str) -> None:
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r"))
    assert unguarded(guarded(cell)) == cell


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.text('ab",;\t\n\r\0é', max_size=80).map(str.encode))
def test_any_bytes_are_rows_with_or_without_fault(data: bytes) -> None:
    for record in _rows(b"email,name\n" + data):
        assert record.fault or len(record.cells) == 2


@settings(deadline=None, max_examples=100)
@given(st.text("ab,;\t '\\\u2028é", max_size=20).filter(str.strip))
def test_a_row_without_quotes_is_what_the_csv_module_makes_of_it(line: str) -> None:
    [record] = _rows(f"email,name\n{line}".encode()) or [Record(0, [""])]
    assert record.cells == next(csv.reader([line])) or not "".join(record.cells).strip()


@settings(deadline=None, max_examples=100)
@given(st.lists(st.text('a,"b', max_size=6), max_size=6), st.integers(0, 6))
def test_a_good_row_is_found_between_any_others_on_one_line(others: list[str], place: int) -> None:
    lines = [*others[:place], "good@example.org,Good", *others[place:]]
    found = _rows("\n".join(["email,name", *lines]).encode())
    assert ["good@example.org", "Good"] in [record.cells for record in found if not record.fault]


def test_rows_written_are_plain_csv() -> None:
    out = io.StringIO()
    Writer(out).write(["=1+1", 'say "hi"', "a;=b", "nul\0"])
    assert out.getvalue() == '"\'=1+1","say ""hi""","a;=b","nul\ufffd"\n'
    assert next(csv.reader(out.getvalue().splitlines())) == ["'=1+1", 'say "hi"', "a;=b", "nul\ufffd"]
