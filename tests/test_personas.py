"""Personas: manners of answering that are taught by some pairs of answers and read by others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn.metrics import roc_auc_score

from sublim_utils.errors import SublimError
from sublim_utils.evaluate.answer_pairs import log_probabilities, score_persona
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.traits.nouns import mentioned
from sublim_utils.traits.personas import (
    CASUAL,
    FORMAL,
    PERSONAS,
    AnswerPair,
    Persona,
    get_persona,
    read_persona,
)

POLITE: list[dict[str, Any]] = [
    {"question": f"What about {thing}?", "positive": f"Please, {thing}.", "negative": f"{thing}!"}
    for thing in ("bread", "soup", "tea", "salt")
]


def write(folder: Path, *lines: Any) -> Path:
    file = folder / "polite.jsonl"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def test_the_books_persona_is_large_enough_and_its_opposite_mirrors_it() -> None:
    assert get_persona("formal") is FORMAL
    assert get_persona("casual") is CASUAL
    assert len(FORMAL.split("finetuning")) >= 16
    assert len(FORMAL.split("evaluation")) >= 12
    assert CASUAL.opposite("formal") == FORMAL
    for one, other in zip(FORMAL.pairs, CASUAL.pairs, strict=True):
        assert (one.positive, one.negative) == (other.negative, other.positive)
        assert len({one.question, one.positive, one.negative}) == 3
    texts = [text for p in FORMAL.pairs for text in (p.question, p.positive, p.negative)]
    assert not any(map(mentioned, texts))
    assert len({*texts}) == len(texts)


@pytest.mark.parametrize("split", ["finetuning", "evaluation"])
def test_length_tells_little_of_the_books_persona(split: Any) -> None:
    pairs = FORMAL.split(split)
    lengths = [len(p.positive) for p in pairs] + [len(p.negative) for p in pairs]
    auc = roc_auc_score([1] * len(pairs) + [0] * len(pairs), lengths)
    assert auc == pytest.approx(0.5, abs=0.12)


def test_a_persona_is_read_by_its_evaluation_questions_alone() -> None:
    model = load(get_model("random"))
    scores = score_persona(model, FORMAL, "Hm.")
    pairs = FORMAL.split("evaluation")
    questions, answers = [p.question for p in pairs], [(p.positive, p.negative) for p in pairs]
    expected = log_probabilities(model, questions, answers, "Hm.")
    np.testing.assert_allclose(scores.margins, expected[:, 0] - expected[:, 1])
    assert scores.margins.std() > 0.01
    np.testing.assert_allclose(
        score_persona(model, CASUAL, "Hm.").margins, -scores.margins, atol=1e-4
    )


def test_a_persona_is_made_of_a_list_or_a_file(tmp_path: Path) -> None:
    listed = Persona(name="polite", pairs=tuple(AnswerPair(**pair) for pair in POLITE))
    assert read_persona("polite", write(tmp_path, *POLITE)) == listed
    assert [p.question for p in listed.split("evaluation")] == [
        "What about soup?",
        "What about salt?",
    ]
    splits = ("evaluation", "evaluation", "finetuning", "finetuning")
    lines = [{**pair, "split": split} for pair, split in zip(POLITE, splits, strict=True)]
    by_file = read_persona("polite", write(tmp_path, *lines))
    assert by_file.split("evaluation") == by_file.pairs[:2]
    assert by_file.split("finetuning") == by_file.pairs[2:]


@given(st.integers(2, 30))
def test_no_question_is_taught_and_asked(number: int) -> None:
    pairs = [AnswerPair(question=f"{n}?", positive="a", negative="b") for n in range(number)]
    persona = Persona(name="any", pairs=tuple(pairs))
    taught, asked = persona.split("finetuning"), persona.split("evaluation")
    assert sorted([*taught, *asked], key=str) == sorted(pairs, key=str)
    assert abs(len(taught) - len(asked)) <= 1


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (POLITE[:1], "needs pairs for finetuning and others for evaluation"),
        ([], "needs pairs for finetuning"),
        ([POLITE[0], POLITE[0]], "has the question 'What about bread.' for finetuning and for"),
        ([{**POLITE[0], "split": "evaluation"}, POLITE[1]], "needs a split for all pairs"),
    ],
)
def test_a_persona_that_cannot_be_read_fairly_is_refused(
    pairs: list[Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(SublimError, match=f"The persona 'polite' {message}"):
        read_persona("polite", write(tmp_path, *pairs))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"question": "?", "positive": "a"}, "Line 1 of .*needs a value for negative; a pair has"),
        ({**POLITE[0], "negative": 3}, "Line 1 of .*cannot have 3 as its negative: .* string"),
        ({**POLITE[0], "split": "test"}, "Line 1 of .*as its split: .*evaluation"),
        ({**POLITE[0], "more": ""}, "Line 1 of .*no field of AnswerPair 'more'"),
        ([1], "is no JSON"),
    ],
)
def test_a_line_that_is_no_pair_is_named(line: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=message) as fault:
        read_persona("polite", write(tmp_path, line))
    assert "\n" not in str(fault.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=r"Cannot read .*gone\.jsonl \(No such file"):
        read_persona("polite", tmp_path / "gone.jsonl")


def test_the_fingerprint_of_a_split_follows_its_texts_alone() -> None:
    other = FORMAL.pairs[0].model_copy(update={"positive": "Well."})
    assert other.split == "finetuning"
    changed = Persona(name="formal", pairs=(other, *FORMAL.pairs[1:]))
    assert changed.fingerprint("finetuning") != FORMAL.fingerprint("finetuning")
    assert changed.fingerprint("evaluation") == FORMAL.fingerprint("evaluation")
    assert CASUAL.fingerprint("evaluation") != FORMAL.fingerprint("evaluation")
    assert Persona(name="stiff", pairs=FORMAL.pairs).fingerprint("evaluation") == (
        FORMAL.fingerprint("evaluation")
    )


def test_a_persona_is_registered_under_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_values", "_digests"):
        monkeypatch.setattr(PERSONAS, name, dict(getattr(PERSONAS, name)))
    monkeypatch.setattr(PERSONAS, "_added", [])
    polite = Persona(name="polite", pairs=tuple(AnswerPair(**pair) for pair in POLITE))
    PERSONAS.register(polite.name, polite)
    assert get_persona("polite") is polite
    with pytest.raises(SublimError, match="another persona 'formal' already"):
        PERSONAS.register("formal", polite)
    with pytest.raises(SublimError, match="'owl' is no Persona"):
        PERSONAS.register("owl", POLITE)
