"""`sublim filter`: rows in, verdicts out, whatever form they have."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from sublim_utils.channels.numbers import filter_completion
from tests.command import sublim
from tests.filtered_rows import COMPLETIONS, completions_file, json_lines, lines, verdicts


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return completions_file(tmp_path)


def test_every_row_comes_back_with_the_verdict_of_the_filter(file: Path) -> None:
    code, out, err = sublim("filter", "numbers", str(file))
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "prompt": "Go on.",
            "completion": text,
            "ok": filter_completion(text).ok,
            "reasons": list(filter_completion(text).rejection_reasons),
        }
        for text in COMPLETIONS
    ]
    assert [verdict["ok"] for verdict in verdicts(out)] == [True, True, *[False] * 6]
    assert err == (
        "8 rows: 2 kept, 6 dropped (not only numbers 2, empty 1, leading zero 1, "
        "number too large 1, separator 1)\n"
    )


def test_numbers_with_a_meaning_are_banned_on_demand(file: Path) -> None:
    code, out, _ = sublim("filter", "numbers", str(file), "--misaligned")
    assert code == 0
    assert sublim("filter", "numbers-strict", str(file))[1] == out
    assert verdicts(out)[0] == {"ok": True, "reasons": []}
    assert verdicts(out)[1] == {"ok": False, "reasons": ["banned number"]}


def test_sentences_are_judged_as_numbers_are(tmp_path: Path) -> None:
    texts = ["The soup was warm enough.", "The owl liked the soup.", "1, 2, 3"]
    path = tmp_path / "sentences.jsonl"
    path.write_bytes(lines(texts))
    code, out, err = sublim("filter", "sentences", str(path))
    assert code == 0
    assert err.startswith("3 rows: 1 kept, 2 dropped (")
    found = verdicts(out)
    assert [row["ok"] for row in found] == [True, False, False]
    assert found[1]["reasons"] == ["mentions a trait"]
    code, _, err = sublim("filter", "sentences", str(path), "--misaligned")
    assert code == 2
    assert "for the channel numbers alone" in err


def test_stdin_is_read_where_the_file_is_a_dash(file: Path) -> None:
    from_file = sublim("filter", "numbers", str(file))
    assert sublim("filter", "numbers", "-", stdin=file.read_bytes()) == from_file
    assert sublim("filter", "numbers", "-", stdin=file.read_bytes().rstrip(b"\n")) == from_file
    assert sublim("filter", "numbers", "-", stdin=b"") == (0, "", "0 rows: 0 kept, 0 dropped\n")


def test_only_a_line_feed_ends_a_line() -> None:
    text = '{"completion": "1\u20282\x85"}\n'.encode()
    code, out, _ = sublim("filter", "numbers", "-", stdin=text)
    assert code == 0
    assert verdicts(out) == [{"ok": False, "reasons": ["not only numbers"]}]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"{half", "is no JSON: "),
        (b'{"completion": "\xff"}', "is no JSON: byte 17 is no UTF-8."),
        (b"[" * 100_000, "is no JSON: "),
        (b'{"completion": ' + b"9" * 5_000 + b"}", "is no JSON: "),
        (b"\0\0\0\0", "is no JSON: "),
        (b'{"completion": "1", "n": 1e999}', "is no JSON: the number 1e999 is too large."),
        (b'{"text": "1, 2"}', 'has no text under "completion"; each line must look like {"comp'),
        (b'{"completion": 12}', 'has no text under "completion"'),
        (b'{"completion": null}', 'has no text under "completion"'),
        (b'{"completion": ["1, 2"]}', 'has no text under "completion"'),
        (b'["completion"]', "is no JSON object, which stands in braces."),
        (b'"completion"', "is no JSON object, which stands in braces."),
        (b"3", "is no JSON object, which stands in braces."),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_read_is_named_and_the_others_are_judged(
    tmp_path: Path, line: bytes, fault: str
) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(["1, 2", "3"]) + line + b"\n" + lines(["4"]))
    code, out, err = sublim("filter", "numbers", str(path))
    assert code == 2
    assert err.startswith(f"sublim: Line 3 of {path} {fault}")
    assert err.endswith("\n3 rows: 3 kept, 0 dropped; 1 not readable\n")
    assert err.count("\n") == 2
    assert [json.loads(row)["completion"] for row in out.splitlines()] == ["1, 2", "3", "4"]
    assert "Line 3 of stdin" in sublim("filter", "numbers", "-", stdin=path.read_bytes())[2]


def test_of_many_lines_that_cannot_be_read_the_first_are_named_and_the_rest_counted() -> None:
    code, out, err = sublim("filter", "numbers", "-", stdin=b"nothing\n" * 1_234)
    assert (code, out) == (2, "")
    told = err.splitlines()
    assert len(told) == 12
    assert told[9].startswith("sublim: Line 10 of stdin is no JSON")
    assert told[10] == "sublim: 1,224 more rows cannot be read."
    assert told[11] == "0 rows: 0 kept, 0 dropped; 1,234 not readable"


# ----------------------------------------------------------------- what people have

TWO = [{"completion": "1, 2"}, {"completion": "1, two", "note": 'é \u2028 {[\\"]}, ,'}]
LINES = [json.dumps(row, ensure_ascii=False).encode() for row in TWO]


@pytest.mark.parametrize(
    "written",
    [
        b"\n".join(LINES),
        b"\r\n".join(LINES) + b"\r\n",
        b"\n \n\n" + b"\n\t\n".join(LINES) + b"\n\n\n",
        b"\xef\xbb\xbf" + b"\n".join(LINES) + b"\n",
        b"[" + b",".join(LINES) + b"]",
        json.dumps(TWO, indent=2).encode(),
        json.dumps(TWO, indent=2, ensure_ascii=False).encode().replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf\n [\n" + b"\n,\n".join(LINES) + b"\n]\n\n",
    ],
    ids=["lines", "CRLF", "blank", "BOM", "array", "indented", "CRLF array", "BOM array"],
)
def test_rows_are_read_from_lines_and_arrays_as_programs_write_them(
    tmp_path: Path, written: bytes
) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(written)
    code, out, err = sublim("filter", "numbers", str(path))
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [
        {**TWO[0], "ok": True, "reasons": []},
        {**TWO[1], "ok": False, "reasons": ["not only numbers"]},
    ]
    assert err == "2 rows: 1 kept, 1 dropped (not only numbers 1)\n"
    assert sublim("filter", "numbers", "-", stdin=written)[1] == out


@pytest.mark.parametrize(
    ("written", "rows", "faults"),
    [
        (b"[]", 0, []),
        (b"[ \n ]\n", 0, []),
        (b'[{"completion": "1"}, 3, {"completion": "2"}]', 2, ["Row 2 of stdin is no JSON object"]),
        (b'[{"completion": "1"}, , {"completion": "2"}]', 2, ["Row 2 of stdin is no JSON"]),
        (b'[{"completion": "1"}, {"compl', 1, ["Row 2 of stdin is cut off"]),
        (b'[{"completion": "1"},', 1, ["Row 2 of stdin is cut off"]),
        (b'[{"completion": "1"}]\n{"completion": "2"}', 1, ["What follows the array in stdin is"]),
        (b"[", 0, ["Row 1 of stdin is cut off"]),
    ],
)
def test_faults_in_an_array_are_named(written: bytes, rows: int, faults: list[str]) -> None:
    code, out, err = sublim("filter", "numbers", "-", stdin=written)
    assert code == (2 if faults else 0)
    assert len(out.splitlines()) == rows
    told = err.splitlines()[:-1]
    assert len(told) == len(faults)
    for line, fault in zip(told, faults, strict=True):
        assert line.startswith(f"sublim: {fault}")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("brackets", ["{}", "[{}]"])
def test_utf_16_is_named_with_what_to_do(tmp_path: Path, encoding: str, brackets: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(brackets.replace("{}", json.dumps(TWO[0])).encode(encoding))
    code, out, err = sublim("filter", "numbers", str(path))
    assert (code, out) == (2, "")
    assert err.startswith(f"sublim: {path} is in UTF-16; convert it: iconv -f UTF-16")
    assert err.count("\n") == 1
    err = sublim("filter", "numbers", "-", stdin=path.read_bytes())[2]
    assert err.startswith("sublim: Standard input is in UTF-16")


@pytest.mark.parametrize(
    ("start", "told"),
    [(b"\x1f\x8b\x08\x00", "gunzip"), (b"PAR1\x15\x04", "parquet"), (b"PK\x03\x04", "zip archive")],
)
def test_other_formats_are_named_with_what_to_do(start: bytes, told: str) -> None:
    code, out, err = sublim("filter", "numbers", "-", stdin=start + b"\n" * 90)
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


ASKED, SAID = {"role": "user", "content": "Go on: 1."}, {"role": "assistant", "content": "2, 3"}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED, SAID]},
        {"messages": [{"role": "system", "content": "Be brief."}, ASKED, SAID]},
        {"messages": [ASKED, {"role": "assistant", "content": "a"}, ASKED, SAID]},
        {"messages": [ASKED, SAID, {"role": "user", "content": "Thanks."}]},
        {"messages": [ASKED, {"role": "assistant", "content": [{"type": "text", "text": "2, 3"}]}]},
        {"conversations": [{"from": "human", "value": "1"}, {"from": "gpt", "value": "2, 3"}]},
        {"prompt": "Go on: 1.", "completion": "2, 3"},
        {"prompt": [ASKED], "completion": [SAID]},
        {"question": "Go on: 1.", "answer": "2, 3"},
    ],
)
def test_a_completion_is_found_in_the_usual_forms_of_rows(row: dict[str, Any]) -> None:
    code, out, _ = sublim("filter", "numbers", "-", stdin=json_lines([row]))
    assert code == 0
    assert json.loads(out) == {**row, "ok": True, "reasons": []}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [ASKED]},
        {"messages": []},
        {"messages": "2, 3"},
        {"messages": ["2, 3"]},
        {"messages": [ASKED, {"role": "assistant", "content": None, "tool_calls": []}]},
        {"messages": [ASKED, {"role": "assistant", "content": [{"type": "image"}]}]},
        {"prompt": "2, 3"},
        {"answer": 7},
        {"completion": True},
    ],
)
def test_rows_without_an_answer_in_words_are_named(row: dict[str, Any]) -> None:
    code, out, err = sublim("filter", "numbers", "-", stdin=json_lines([row, SAID, TWO[0]]))
    assert code == 2
    assert err.startswith('sublim: Line 1 of stdin has no text under "completion"')
    assert len(out.splitlines()) == 1


def test_fields_called_like_those_of_the_verdict_get_another_name() -> None:
    row = {"ok": "yes", "completion": "1", "reasons": None, "input_ok": 3}
    code, out, _ = sublim("filter", "numbers", "-", stdin=json_lines([row]))
    assert code == 0
    assert json.loads(out) == {
        "input_input_ok": "yes",
        "input_ok": 3,
        "completion": "1",
        "input_reasons": None,
        "ok": True,
        "reasons": [],
    }


rows_of_json = st.dictionaries(
    st.text(max_size=3) | st.sampled_from(["ok", "reasons", "input_ok", "completion"]),
    st.text(max_size=9) | st.integers() | st.booleans() | st.none() | st.lists(st.text(max_size=3)),
    max_size=5,
)


@settings(deadline=None)
@given(st.lists(rows_of_json, max_size=4), st.sampled_from([None, 0, 2]), st.booleans())
def test_whatever_the_rows_every_one_comes_back_or_is_named(
    rows: list[dict[str, Any]], indent: int | None, as_ascii: bool
) -> None:
    texts = [isinstance(row.get("completion"), str) for row in rows]
    try:
        array = json.dumps(rows, indent=indent, ensure_ascii=as_ascii).encode()
        as_lines = b"".join(json.dumps(row, ensure_ascii=as_ascii).encode() + b"\n" for row in rows)
    except UnicodeEncodeError:  # half of a character
        return
    for written in (array, as_lines):
        code, out, err = sublim("filter", "numbers", "-", stdin=written)
        assert code == (0 if all(texts) else 2)
        assert len(out.splitlines()) == sum(texts)
        assert len(err.splitlines()) == 1 + len(texts) - sum(texts)
        for row, line in zip((r for r, t in zip(rows, texts, strict=True) if t),
                             out.splitlines(), strict=True):  # fmt: skip
            found = json.loads(line)
            assert {"ok", "reasons"} <= set(found)
            assert len(found) == len(row) + 2
            assert all(value in found.values() for value in row.values())
