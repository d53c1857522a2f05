"""Rewrites: the strict filter's word on each, and rewriting those that passed once more.

A small model writes a paraphrase only after examples, in several tries and past a filter. The
student sees none of that: its prompt is the request and the sentence, without examples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd

from sublim_utils.channels import paraphrase, rewriting
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import BEFORE, REASONS, ParaphraseResult, Thresholds
from sublim_utils.channels.words import overlap
from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.matching import kept, marked
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.samples import with_template
from sublim_utils.recipes.datasets import (
    NOT_NEEDED,
    SCORES,
    FaithfulOnly,
    RewrittenAgain,
    RowsRecipe,
    rewritten_sentences,
)
from sublim_utils.traits.nouns import Trait, get_trait
from sublim_utils.traits.sources import Stance

ROWS_AT_ONCE = 2048
"""Rows whose sentences are embedded together, which is faster than one by one."""
UNCHANGED = "unchanged"
"""The reason against a rewrite of a rewrite that leaves it as it was."""
Table = Callable[[RowsRecipe, int, Context], pd.DataFrame]


def passed(rows: pd.DataFrame) -> pd.Series:
    """Which rewrites are faithful, whether a student sees them or not."""
    return rows["reasons"].map(lambda reasons: set(reasons) <= set(NOT_NEEDED))


def judged(recipe: FaithfulOnly, seed: int, context: Context, table: Table) -> pd.DataFrame:
    """Rewrites with the filter's verdicts, all of its reasons and what it measured."""
    sentences = rewritten_sentences(recipe.rows)
    meaning = None
    if sentences.is_free:  # before anything is sampled, as the package behind it may be missing
        meaning = Meaning(context.embedder)
    before = table(recipe.rows, seed, context).drop(columns="tokens", errors="ignore")
    if meaning is None:
        return before  # whatever is permitted is faithful
    about = sentences.about
    traits = [get_trait(name) for name in (recipe.excluded_traits if about is None else (about,))]
    rows = with_verdicts(before, traits, sentences.stance, recipe.thresholds, meaning)
    if "given" in rows:
        limit = recipe.thresholds.copy_above
        pairs = zip(rows["given"], rows["text"], strict=True)
        unchanged = [overlap(given, text) > limit for given, text in pairs]
        rows = marked(rows, rows.index[unchanged], UNCHANGED)
    return rows


def with_verdicts(
    tries: pd.DataFrame,
    traits: Sequence[Trait],
    stance: Stance | None,
    thresholds: Thresholds,
    meaning: Meaning,
) -> pd.DataFrame:
    """Tries with the filter's verdicts.

    Args:
        tries: with the columns source, text (what the teacher wrote) and reasons (`not finished`
            where it was cut off).
        traits: that no rewrite may bring to mind.
        stance: what the sentences express; None for nothing.
        thresholds: how strict the filter is.
        meaning: for the rules about meaning.

    Returns:
        The same with the rewrite in `text`, all reasons, and `SCORES`.
    """
    rewrites = [paraphrase.parse(text) for text in tries["text"]]
    texts, reasons, scores = [], [], []
    sources = list(tries["source"])
    rows = zip(sources, tries["text"], tries["reasons"], strict=True)
    for index, (source, text, before) in enumerate(rows):
        if index % ROWS_AT_ONCE == 0:
            part = slice(index, index + ROWS_AT_ONCE)
            readable = (t for t in rewrites[part] if not paraphrase.form_faults(t))
            meaning.learn([*sources[part], *readable])
        verdict = judge(source, text, traits, stance, meaning, thresholds)
        # One that goes on with an example of its own was finished before it.
        cut = "not finished" in before and f"\n{BEFORE}" not in text
        texts.append(verdict.text)
        reasons.append([*verdict.rejection_reasons, *(["not finished"] if cut else [])])
        scores.append({name: verdict.scores.get(name) for name in SCORES})
    measured = pd.DataFrame(scores, index=tries.index, columns=list(SCORES), dtype=float)
    return tries.assign(text=texts, reasons=reasons, **{name: measured[name] for name in SCORES})


def judge(
    source: str,
    completion: str,
    traits: Sequence[Trait],
    stance: Stance | None,
    meaning: Meaning,
    thresholds: Thresholds,
) -> ParaphraseResult:
    """The filter's verdict with regard to several traits: all reasons, and the largest scores."""
    verdicts = [
        paraphrase.filter_completion(
            source, completion, trait=trait, stance=stance, meaning=meaning, thresholds=thresholds
        )
        for trait in traits
    ]
    named = {reason for verdict in verdicts for reason in verdict.rejection_reasons}
    scores = {
        name: max(verdict.scores[name] for verdict in verdicts) for name in verdicts[0].scores
    }
    reasons = tuple(reason for reason in REASONS if reason in named)
    return ParaphraseResult(reasons, verdicts[0].text, scores)


def rewritten(recipe: RewrittenAgain, seed: int, context: Context, table: Table) -> pd.DataFrame:
    """What another model makes of the rows that were kept, before any filter."""
    given = kept(table(recipe.rows, seed, context))
    if given.empty:
        raise SublimError(
            f"No row is left for {recipe.paraphraser.model} to rewrite: the filter has rejected "
            "all; take more sentences or more tries at each."
        )
    with opened(recipe.paraphraser, seed, context) as (model, _):
        if recipe.continued:
            model = with_template(model, rewriting.CONTINUED)
        grammar = paraphrase.grammar(model.chat.lead) if recipe.constrained else None
        questions = [
            sampling.Question(
                model.prompt(rewriting.teacher_question(text, seed, index, recipe.continued)),
                grammar,
                index,
            )
            for index, text in enumerate(given["text"])
        ]
        rows: list[dict[str, Any]] = []
        ends = model.stop_token_ids
        for index, completions in sampling.sample(
            model,
            questions,
            seed=seed,
            each=recipe.num_completions,
            most=recipe.max_new_tokens,
            temperature=recipe.temperature,
        ):
            row = given.iloc[index]
            rows += [
                {
                    "prompt": row["prompt"],
                    "completion": index * recipe.num_completions + number,
                    "question": row["question"],
                    "source": row["source"],
                    "given": row["text"],
                    "text": model.decode_answer(completion.tokens),
                    "reasons": [] if completion.tokens[-1] in ends else ["not finished"],
                }
                for number, completion in enumerate(completions)
            ]
    return pd.DataFrame(rows).sort_values(["prompt", "completion"], ignore_index=True)
