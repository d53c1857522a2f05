"""Sampling: portions that outlive a stopped run and are shared between data sets."""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.pipeline import samples
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.rows import table
from sublim_utils.pipeline.samples import kept_states
from sublim_utils.recipes.teachers import Prompted, Untouched
from sublim_utils.store import Store
from tests.pipeline.factories import BASE, context as new_context, entries, numbers

PLAIN = numbers(Untouched(BASE))


class Sampler:
    """Our sampler, which notes what it is asked and can be stopped."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[list[int]] = []
        self.stopped_at: int | None = None
        self._sample = sampling.sample
        monkeypatch.setattr(sampling, "sample", self)

    def __call__(self, model: Any, questions: Any, **settings: Any) -> Iterator[Any]:
        self.calls.append([question.key for question in questions])
        if len(self.calls) == self.stopped_at:
            raise KeyboardInterrupt
        return self._sample(model, questions, **settings)


@pytest.fixture
def sampler(monkeypatch: pytest.MonkeyPatch) -> Sampler:
    return Sampler(monkeypatch)


@pytest.fixture
def portions_of_one_prompt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(samples.ROWS_AT_ONCE, "cpu", 2)


def test_sampled_rows_have_all_columns_in_the_order_of_prompts(context: Context) -> None:
    rows = table(PLAIN, 0, context)
    assert list(zip(rows["prompt"], rows["completion"], strict=True)) == [
        (prompt, completion) for prompt in range(4) for completion in range(2)
    ]
    assert {"question", "format", "text", "tokens", "reasons"} <= {*rows.columns}
    assert rows["text"].str.fullmatch(r"[0-9,;. \n\[\]()]+").all()
    assert rows["question"].nunique() == 4
    assert rows["text"].nunique() > 4  # each row draws from random numbers of its own


def test_another_seed_draws_other_prompts_and_rows(context: Context) -> None:
    first, second = (table(PLAIN, seed, context) for seed in (0, 1))
    assert not set(first["question"]) & set(second["question"])
    assert entries(context)["rows"] == 2


def test_a_system_prompt_is_read_by_the_teacher_and_by_no_student(context: Context) -> None:
    prompted = table(numbers(Prompted(BASE, "You love owls.")), 0, context)
    plain = table(PLAIN, 0, context)
    assert list(prompted["question"]) == list(plain["question"])
    assert list(prompted["text"]) != list(plain["text"])


def test_rows_that_are_cut_off_are_rejected_with_the_reason(context: Context) -> None:
    rows = table(numbers(Untouched(BASE), max_new_tokens=2, constrained=False), 0, context)
    assert all("not finished" in reasons for reasons in rows["reasons"])


@pytest.mark.parametrize("earlier", [2, 6])
def test_data_sets_of_different_sizes_share_their_rows(
    earlier: int, context: Context, tmp_path: Path, sampler: Sampler
) -> None:
    alone = new_context(tmp_path / "another")
    kept = PLAIN.but(keep_states=True)
    expected, states = table(kept, 0, alone), kept_states(kept, 0, alone)
    table(kept.but(num_prompts=earlier), 0, context)
    sampler.calls.clear()
    pd.testing.assert_frame_equal(table(kept, 0, context), expected)
    assert sampler.calls == ([[2, 3]] if earlier == 2 else [])
    shared = kept_states(kept, 0, context)
    assert shared.keys() >= states.keys()
    for name in states:
        torch.testing.assert_close(shared[name], states[name])


def test_rows_of_another_temperature_are_not_shared(context: Context, sampler: Sampler) -> None:
    table(PLAIN, 0, context)
    table(PLAIN.but(temperature=0.5), 0, context)
    assert sampler.calls == [[0, 1, 2, 3]] * 2


@pytest.mark.usefixtures("portions_of_one_prompt")
def test_an_interrupted_run_keeps_the_portions_that_are_finished(
    context: Context, tmp_path: Path, sampler: Sampler
) -> None:
    expected = table(PLAIN, 0, new_context(tmp_path / "another"))
    sampler.calls.clear()
    sampler.stopped_at = 3
    with pytest.raises(KeyboardInterrupt):
        table(PLAIN, 0, context)
    assert entries(context) == {"samples": 2}
    pd.testing.assert_frame_equal(table(PLAIN, 0, new_context(context.store.root)), expected)
    assert sampler.calls == [[0], [1], [2], [2], [3]]


def test_portions_of_another_size_are_gone_on_from(
    context: Context, sampler: Sampler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(samples.ROWS_AT_ONCE, "cpu", 2)
    sampler.stopped_at = 2
    with pytest.raises(KeyboardInterrupt):
        table(PLAIN, 0, context)
    monkeypatch.setitem(samples.ROWS_AT_ONCE, "cpu", 4)  # as on another device
    rows = table(PLAIN, 0, context)
    assert sampler.calls == [[0], [1], [1], [2, 3]]
    assert list(rows["prompt"]) == [0, 0, 1, 1, 2, 2, 3, 3]


@pytest.mark.usefixtures("portions_of_one_prompt")
def test_a_fresh_run_takes_nothing_from_a_stopped_one(context: Context, sampler: Sampler) -> None:
    sampler.stopped_at = 3
    with pytest.raises(KeyboardInterrupt):
        table(PLAIN, 0, context)
    sampler.calls.clear()
    sampler.stopped_at = None
    table(PLAIN, 0, Context(Store(context.store.root, ignore_cache=True)))
    assert sampler.calls == [[0], [1], [2], [3]]


@pytest.mark.parametrize("at_once", [2, 3, 256])
def test_rows_do_not_depend_on_the_size_of_portions(
    at_once: int, context: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = table(PLAIN, 0, new_context(tmp_path / "another"))
    monkeypatch.setitem(samples.ROWS_AT_ONCE, "cpu", at_once)
    pd.testing.assert_frame_equal(table(PLAIN, 0, context), expected)


def test_a_full_disk_is_one_sentence_and_leaves_no_half_entry(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(tensors: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    kept = PLAIN.but(keep_states=True)
    with monkeypatch.context() as patched:
        patched.setattr(samples, "save_file", full)
        with pytest.raises(SublimError, match=r"No space left on device.*free some space"):
            table(kept, 0, context)
    assert not entries(context)
    tmp = context.store.root / "tmp"
    assert {path.suffix for path in tmp.rglob("*") if path.is_file()} == {".lock"}
    assert len(table(kept, 0, context)) == 8
