"""Data sets: everything that is done to rows after they were sampled or given."""

import json
import re
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from sublim_utils.errors import SublimError
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.matching import kept
from sublim_utils.pipeline.rows import first_of_each, shuffled, table
from sublim_utils.recipes.datasets import (
    SPARE,
    FirstPrompts,
    Given,
    Limited,
    Matched,
    Mixed,
    ShuffledNumbers,
    untouched_control,
)
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.recipes.teachers import Untouched
from tests.pipeline.factories import BASE, entries, finetuned, numbers

PLAIN = numbers(Untouched(BASE))
WITHOUT_NUMBERS = re.compile("[0-9]+")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three rows for two questions, not in order."""
    rows = [
        {"prompt": "Name a colour.", "completion": "Red."},
        {"prompt": "Name a shape.", "completion": "A cube."},
        {"prompt": "Name a colour.", "completion": "Blue."},
    ]
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


def separators(texts: list[str]) -> list[list[str]]:
    return [WITHOUT_NUMBERS.split(text) for text in texts]


def values(texts: list[str]) -> list[list[str]]:
    return [WITHOUT_NUMBERS.findall(text) for text in texts]


TEXTS = ["1, 22, 333", "[4; 4; 5]", "(6 700 8)", "999", "10\n11\n12"]


def test_shuffling_within_rows_moves_numbers_and_nothing_else() -> None:
    mixed = shuffled(TEXTS, "within rows", 1)
    assert separators(mixed) == separators(TEXTS)
    assert [sorted(row) for row in values(mixed)] == [sorted(row) for row in values(TEXTS)]
    assert mixed != TEXTS


def test_shuffling_across_rows_keeps_the_length_of_each() -> None:
    mixed = shuffled(TEXTS, "across rows", 1)
    assert separators(mixed) == separators(TEXTS)
    assert [len(row) for row in values(mixed)] == [len(row) for row in values(TEXTS)]
    assert sorted(chain(*values(mixed))) == sorted(chain(*values(TEXTS)))
    assert [sorted(row) for row in values(mixed)] != [sorted(row) for row in values(TEXTS)]
    assert mixed == shuffled(TEXTS, "across rows", 1) != shuffled(TEXTS, "across rows", 2)


@given(st.lists(st.text("0123456789,; ()[]\n", max_size=30)), st.integers(0, 3))
def test_shuffling_keeps_numbers_and_separators_of_any_text(texts: list[str], seed: int) -> None:
    for how in ("within rows", "across rows"):
        mixed = shuffled(texts, how, seed)  # type: ignore[arg-type]
        assert separators(mixed) == separators(texts)
        assert sorted(chain(*values(mixed))) == sorted(chain(*values(texts)))


def test_shuffled_rows_lose_the_teachers_tokens(context: Context) -> None:
    before = table(PLAIN, 0, context)
    after = table(ShuffledNumbers(PLAIN, "within rows"), 0, context)
    assert "tokens" in before
    assert "tokens" not in after
    assert list(after["question"]) == list(before["question"])
    assert separators(list(after["text"])) == separators(list(before["text"]))
    assert entries(context) == {"rows": 1, "samples": 1}


def test_the_first_prompts_are_those_of_a_smaller_data_set(context: Context) -> None:
    part = table(FirstPrompts(PLAIN, 2), 0, context)
    pd.testing.assert_frame_equal(part, table(PLAIN.but(num_prompts=2), 0, context))


def test_a_limit_takes_one_row_of_each_prompt_first(context: Context) -> None:
    limited = table(Limited(PLAIN, 5), 0, context)
    rows = kept(limited)
    assert list(zip(rows["prompt"], rows["completion"], strict=True)) == [
        (0, 0), (0, 1), (1, 0), (2, 0), (3, 0)
    ]  # fmt: skip
    assert set(limited["reasons"].map(tuple)) == {(), (SPARE,)}
    assert len(limited) == 8


def test_a_limit_above_the_number_of_rows_changes_nothing(context: Context) -> None:
    pd.testing.assert_frame_equal(table(Limited(PLAIN, 9), 0, context), table(PLAIN, 0, context))


@given(st.lists(st.integers(0, 4), max_size=20).map(sorted), st.integers(1, 25))
def test_no_prompt_gets_a_second_row_before_each_has_one(prompts: list[int], limit: int) -> None:
    chosen = first_of_each(pd.DataFrame({"prompt": prompts}, dtype=int), limit)
    assert len(chosen) == min(limit, len(prompts))
    left = pd.Series(prompts, dtype=int).value_counts() - chosen["prompt"].value_counts()
    most = chosen["prompt"].value_counts().max() if len(chosen) else 0
    exhausted = left.index[left == 0]
    others = [n for p, n in chosen["prompt"].value_counts().items() if p not in exhausted]
    assert all(n >= most - 1 for n in others)


def test_matched_rows_form_the_same_pairs_from_both_sides(context: Context) -> None:
    own, other = (numbers(t, num_prompts=8) for t in (finetuned(), Untouched(BASE)))
    first = table(Matched(own, other), 0, context)
    second = table(Matched(other, own, is_first=False), 0, context)
    assert len(kept(first)) == len(kept(second)) > 0
    assert len(first) == len(second) == 16


def test_given_rows_are_grouped_by_question(file: Path, context: Context) -> None:
    rows = table(Given(file), 0, context)
    assert rows[["prompt", "completion", "text"]].to_numpy().tolist() == [
        [0, 0, "Red."],
        [0, 1, "Blue."],
        [1, 0, "A cube."],
    ]


def test_numbers_of_given_rows_can_be_shuffled(context: Context, tmp_path: Path) -> None:
    path = tmp_path / "numbers.jsonl"
    path.write_text('{"prompt": "More numbers.", "completion": "1, 2, 3, 4, 5, 6, 7, 8"}\n')
    (text,) = table(ShuffledNumbers(Given(path), "within rows"), 0, context)["text"]
    assert sorted(text.split(", ")) == sorted("12345678") != text.split(", ")


def test_given_rows_have_no_control_of_their_own(file: Path) -> None:
    assert Given(file).author is None
    with pytest.raises(SublimError, match="have no control of their own"):
        untouched_control(Given(file))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SublimError, match=r"no file .*missing\.jsonl with rows"):
        Given(tmp_path / "missing.jsonl")


def test_mixed_data_sets_follow_one_another_with_prompts_numbered_on(
    file: Path, context: Context
) -> None:
    mixed = table(Mixed((PLAIN, Given(file))), 0, context)
    assert list(mixed["prompt"]) == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5]
    assert list(mixed["text"])[8:] == ["Red.", "Blue.", "A cube."]
    assert mixed.index.is_unique


def test_a_mixture_has_an_author_only_if_one_teacher_wrote_all(file: Path) -> None:
    assert Mixed((PLAIN, PLAIN.but(num_prompts=2))).author == Untouched(BASE)
    assert Mixed((PLAIN, numbers(finetuned()))).author is None
    assert Mixed((PLAIN, Given(file))).author is None


def test_a_reader_changes_no_letter_of_the_rows(file: Path, context: Context) -> None:
    for rows in (PLAIN, Given(file)):
        read = ReadBy(rows, finetuned())
        columns = ["prompt", "completion", "text"]
        assert table(read, 0, context)[columns].equals(table(rows, 0, context)[columns])
        assert read.author == finetuned()
        assert not read.has_sampled_tokens
    assert untouched_control(read) == ReadBy(Given(file), Untouched(BASE))


def test_a_control_is_the_same_data_set_written_by_the_untouched_base() -> None:
    rows = Limited(ShuffledNumbers(numbers(finetuned()), "within rows"), 5)
    control = untouched_control(rows)
    assert control == Limited(ShuffledNumbers(PLAIN, "within rows"), 5)
    assert control.author == Untouched(BASE)
