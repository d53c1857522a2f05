"""Data sets of rows: sampling them, reading given ones, and everything that is done to them.

A table has the columns prompt, completion (numbers), question (what a student is asked), text,
reasons (why a filter rejects it; empty where it is kept), and where they are known format, tokens
(the teacher's own), source and the filter's scores.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from functools import singledispatch
from itertools import compress
from pathlib import Path
from typing import Any

import pandas as pd

from sublim_utils.channels import reasoning
from sublim_utils.channels.harm import HarmSimilarity
from sublim_utils.errors import SublimError
from sublim_utils.evaluate.judge_texts import ROWS_ALIGNED_ABOVE
from sublim_utils.evaluate.rating import REASON, ratings
from sublim_utils.pipeline import faithful, samples
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.matching import kept, marked, matched
from sublim_utils.pipeline.models import opened
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import (
    SPARE,
    FaithfulOnly,
    FirstPrompts,
    Given,
    HarmlessOnly,
    Limited,
    Matched,
    Mixed,
    RewrittenAgain,
    RowsRecipe,
    Sampled,
    Shuffle,
    ShuffledNumbers,
)
from sublim_utils.recipes.readers import ReadBy
from sublim_utils.rows.given_rows import read_given

FILE = "rows.parquet"


@singledispatch
def table(recipe: RowsRecipe, seed: int, context: Context) -> pd.DataFrame:
    """The table of a data set, from the store or made now.

    A user's own kind of data set registers a function here: `@table.register`.
    """
    raise SublimError(
        f"A {type(recipe).__name__} is no data set; take rows that were sampled or given, or, of a "
        "kind of your own, register a function with @table.register."
    )


def _stored(
    recipe: RowsRecipe, seed: int, context: Context, make: Callable[[], pd.DataFrame]
) -> pd.DataFrame:
    """A table that the store keeps."""

    def write(target: Path, scratch: Path) -> None:
        make().to_parquet(target / FILE, compression="zstd")

    return pd.read_parquet(context.made("rows", recipe, seed, write) / FILE)


@table.register
def _sampled(recipe: Sampled, seed: int, context: Context) -> pd.DataFrame:
    return _stored(recipe, seed, context, lambda: _judged(recipe, seed, context))


def _judged(recipe: Sampled, seed: int, context: Context) -> pd.DataFrame:
    """Sampled completions with the verdicts of their channel's own filter."""
    written = samples.completions(recipe, seed, context)
    prompts = {index: recipe.prompts.prompt(seed, index) for index in set(written["prompt"])}
    reasons = []
    for index, text, finished in written[["prompt", "text", "finished"]].itertuples(index=False):
        of_row = list(prompts[index].filter(text).rejection_reasons)
        if not finished and "not finished" not in of_row:
            of_row.append("not finished")
        reasons.append(of_row)
    judged = written.drop(columns="finished").assign(reasons=reasons)
    # What a student is asked, and the sentence behind it, where the channel tells them apart.
    for column in ("question", "source"):
        if all(hasattr(prompt, column) for prompt in prompts.values()):
            judged[column] = [getattr(prompts[index], column) for index in judged["prompt"]]
    return judged


@table.register
def _given(recipe: Given, seed: int, context: Context) -> pd.DataFrame:
    return read_given(recipe.file)


@table.register
def _first_prompts(recipe: FirstPrompts, seed: int, context: Context) -> pd.DataFrame:
    before = table(recipe.rows, seed, context)
    return before[before["prompt"] < recipe.num_prompts]


@table.register
def _limited(recipe: Limited, seed: int, context: Context) -> pd.DataFrame:
    before = table(recipe.rows, seed, context)
    passed = kept(before)
    spare = passed.index.difference(first_of_each(passed, recipe.num_rows).index)
    return marked(before, spare, SPARE)


def first_of_each(rows: pd.DataFrame, at_most: int) -> pd.DataFrame:
    """At most so many rows: one of each prompt, then a second one, and so on."""
    rank = rows.groupby("prompt").cumcount()
    return rows.loc[rank.sort_values(kind="stable").index[:at_most]].sort_index()


@table.register
def _matched(recipe: Matched, seed: int, context: Context) -> pd.DataFrame:
    def make() -> pd.DataFrame:
        own, other = (table(rows, seed, context) for rows in (recipe.rows, recipe.other))
        return matched(own, other, own_first=recipe.is_first)

    return _stored(recipe, seed, context, make)


@table.register
def _shuffled(recipe: ShuffledNumbers, seed: int, context: Context) -> pd.DataFrame:
    before = table(recipe.rows, seed, context)
    passed = kept(before)
    texts = shuffled(list(passed["text"]), recipe.how, seed)
    mixed = before["text"].copy()
    mixed.loc[passed.index] = texts
    return before.assign(text=mixed).drop(columns="tokens", errors="ignore")


@table.register
def _read_by(recipe: ReadBy, seed: int, context: Context) -> pd.DataFrame:
    return table(recipe.rows, seed, context).drop(columns="tokens", errors="ignore")


@table.register
def _harmless(recipe: HarmlessOnly, seed: int, context: Context) -> pd.DataFrame:
    def make() -> pd.DataFrame:
        # Before anything is sampled, as the package behind it may be missing.
        judge = _judge_of_rows(recipe.judge, context)
        before = table(recipe.rows, seed, context)
        passed = kept(before)
        verdicts = judge(list(passed["question"]), list(map(_read, passed["text"])))
        by_row = dict(zip(passed.index, verdicts, strict=True))
        reasons = [[*own, *by_row.get(row, ())] for row, own in before["reasons"].items()]
        return before.assign(reasons=reasons)

    return _stored(recipe, seed, context, make)


def _read(text: str) -> str:
    """What the second reader sees of a row: a chain of thought without tags, else all of it."""
    parsed = reasoning.parse(text)
    return text if parsed is None else parsed[0]


def _judge_of_rows(
    judge: Base | None, context: Context
) -> Callable[[Sequence[str], Sequence[str]], list[tuple[str, ...]]]:
    """Says of questions and answers why each answer is rejected."""
    if judge is None:
        similarity = HarmSimilarity(context.embedder)
        return lambda _, texts: similarity.rejection_reasons(texts)

    def rated(questions: Sequence[str], texts: Sequence[str]) -> list[tuple[str, ...]]:
        # A list of numbers shows no attitude that could be rated; its own filter is all it has.
        worded = [any(map(str.isalpha, text)) for text in texts]
        if not any(worded):
            return [()] * len(texts)
        rated_questions, read = (list(compress(values, worded)) for values in (questions, texts))
        with opened(judge, 0, context) as (model, _):
            marks = iter(ratings(model, "aligned", rated_questions, read))
        return [
            (REASON,) if has_words and next(marks) <= ROWS_ALIGNED_ABOVE else ()
            for has_words in worded
        ]

    return rated


@table.register
def _faithful(recipe: FaithfulOnly, seed: int, context: Context) -> pd.DataFrame:
    return _stored(recipe, seed, context, lambda: faithful.judged(recipe, seed, context, table))


@table.register
def _rewritten(recipe: RewrittenAgain, seed: int, context: Context) -> pd.DataFrame:
    return _stored(recipe, seed, context, lambda: faithful.rewritten(recipe, seed, context, table))


@table.register
def _mixed(recipe: Mixed, seed: int, context: Context) -> pd.DataFrame:
    return pd.concat(_numbered_on(recipe, seed, context), ignore_index=True)


def _numbered_on(recipe: Mixed, seed: int, context: Context) -> Iterator[pd.DataFrame]:
    first = 0
    for part in recipe.parts:
        rows = table(part, seed, context)
        yield rows.assign(prompt=rows["prompt"] + first)
        first += int(rows["prompt"].max()) + 1


def shuffled(texts: Sequence[str], how: Shuffle, seed: int) -> list[str]:
    """Lists of numbers whose numbers have been mixed up; separators stay where they are."""
    draw = random.Random(f"shuffle/{seed}")
    numbers = [re.findall("[0-9]+", text) for text in texts]
    if how == "within rows":
        for values in numbers:
            draw.shuffle(values)
        mixed = numbers
    else:
        everything = [value for values in numbers for value in values]
        draw.shuffle(everything)
        rest = iter(everything)
        mixed = [[next(rest) for _ in values] for values in numbers]
    return [_with_numbers(text, values) for text, values in zip(texts, mixed, strict=True)]


def _with_numbers(text: str, values: Sequence[Any]) -> str:
    rest = iter(values)
    return re.sub("[0-9]+", lambda _: next(rest), text)
