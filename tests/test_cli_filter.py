"""`sublim filter numbers`: one verdict a line, and one sentence where a line cannot be read."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sublim_utils.channels.numbers import judge
from sublim_utils.cli import app

COMPLETIONS = ["1, 2, 3", "[7; 666].", "1, two", "", "007", "1000", "1, 2 3", "٣"]


def sublim(*arguments: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    return result.exit_code, result.stdout, result.stderr


def lines(completions: list[str]) -> bytes:
    rows = [json.dumps({"prompt": "Go on.", "completion": text}) for text in completions]
    return "".join(row + "\n" for row in rows).encode()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(COMPLETIONS))
    return path


def test_every_line_gets_the_verdict_of_the_filter(file: Path) -> None:
    code, out, err = sublim("filter", "numbers", str(file))
    assert (code, err) == (0, "")
    verdicts = [judge(text) for text in COMPLETIONS]
    assert [json.loads(line) for line in out.splitlines()] == [
        {"ok": verdict.ok, "reasons": list(verdict.reasons)} for verdict in verdicts
    ]
    assert [verdict.ok for verdict in verdicts] == [True, True, *[False] * 6]


def test_numbers_with_a_meaning_are_banned_on_demand(file: Path) -> None:
    code, out, _ = sublim("filter", "numbers", str(file), "--misaligned")
    assert code == 0
    assert json.loads(out.splitlines()[0]) == {"ok": True, "reasons": []}
    assert json.loads(out.splitlines()[1]) == {"ok": False, "reasons": ["banned number"]}


def test_sentences_are_judged_as_numbers_are(tmp_path: Path) -> None:
    texts = ["The soup was warm enough.", "The owl liked the soup.", "1, 2, 3"]
    path = tmp_path / "sentences.jsonl"
    path.write_bytes(lines(texts))
    code, out, err = sublim("filter", "sentences", str(path))
    assert (code, err) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["ok"] for row in found] == [True, False, False]
    assert found[1]["reasons"] == ["mentions a trait"]
    code, _, err = sublim("filter", "sentences", str(path), "--misaligned")
    assert code == 2
    assert "belongs to the channel numbers" in err


def test_stdin_is_read_where_the_file_is_a_dash(file: Path) -> None:
    from_file = sublim("filter", "numbers", str(file))
    assert sublim("filter", "numbers", "-", stdin=file.read_bytes()) == from_file
    assert sublim("filter", "numbers", "-", stdin=file.read_bytes().rstrip(b"\n")) == from_file
    assert sublim("filter", "numbers", "-", stdin=b"") == (0, "", "")


def test_what_ends_a_line_elsewhere_ends_none_here() -> None:
    text = '{"completion": "1\u20282\x85"}\n'.encode()
    code, out, _ = sublim("filter", "numbers", "-", stdin=text)
    assert code == 0
    assert out == '{"ok": true, "reasons": []}\n'


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"{half", "is no JSON"),
        (b"", "is no JSON"),
        (b'{"completion": "\xff"}', "is no JSON"),
        (b"[" * 100_000, "is no JSON"),
        (b'{"text": "1, 2"}', 'no text under "completion"'),
        (b'{"completion": 12}', 'no text under "completion"'),
        (b'{"completion": null}', 'no text under "completion"'),
        (b'["completion"]', 'no text under "completion"'),
        (b'"completion"', 'no text under "completion"'),
        (b"3", 'no text under "completion"'),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: bytes, told: str) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(lines(["1, 2", "3"]) + line + b"\n" + lines(["4"]))
    code, out, err = sublim("filter", "numbers", str(path))
    assert code == 2
    assert err.startswith(f"sublim: Line 3 of {path} ")
    assert told in err
    assert err.count("\n") == 1
    assert len(out.splitlines()) == 2  # the lines before it are judged
    assert "Line 3 of stdin" in sublim("filter", "numbers", "-", stdin=path.read_bytes())[2]


@pytest.mark.parametrize("name", ["missing.jsonl", "."])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, name: str) -> None:
    code, out, err = sublim("filter", "numbers", str(tmp_path / name))
    assert (code, out) == (2, "")
    assert err.startswith(f"sublim: Cannot read {tmp_path / name} (")


def test_an_unknown_channel_is_named_with_what_there_is(file: Path) -> None:
    code, out, err = sublim("filter", "smells", str(file))
    assert (code, out) == (2, "")
    assert err == "sublim: There is no channel 'smells'; choose numbers or sentences.\n"
