"""Sampling: rows depend on their question and seed alone, and say only what a grammar allows."""

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

import pytest
import torch

from sublim_utils.channels.automaton import Automaton
from sublim_utils.channels.numbers import FORMATS, filter_completion, grammar
from sublim_utils.channels.wordings import Wording
from sublim_utils.errors import SublimError
from sublim_utils.generate import sampling
from sublim_utils.generate.sampling import Completion, Question, TokenGrammars, fitting_rows, sample
from sublim_utils.limits import MOST_ROWS
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, load

COUNT = 4
MOST = 30  # a list of four numbers in any format is shorter
EACH = 3
GRAMMARS = [grammar(wanted.name, COUNT) for wanted in FORMATS]


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return load(get_model("random"))


def questions(model: LanguageModel, *, free: bool = False) -> list[Question]:
    """Of different lengths, in no order of length, and with every format."""
    texts = ["Go on: 4, 8", "Hi", "Please continue", "Numbers", "Hi", "Something longer than all"]
    return [
        Question(model.prompt(text), None if free else GRAMMARS[place], place)
        for place, text in enumerate(texts)
    ]


def rows(model: LanguageModel, asked: Sequence[Question], **options: Any) -> list[list[Completion]]:
    settings: dict[str, Any] = {"seed": 0, "each": EACH, "most": MOST, **options}
    found = dict(sample(model, asked, **settings))
    assert sorted(found) == list(range(len(asked)))
    return [found[place] for place in range(len(asked))]


def tokens(found: list[list[Completion]]) -> list[list[list[int]]]:
    return [[completion.tokens for completion in completions] for completions in found]


@pytest.fixture(scope="module")
def usual(model: LanguageModel) -> list[list[list[int]]]:
    return tokens(rows(model, questions(model)))


@pytest.mark.parametrize("batch", [1, EACH, 2 * EACH + 1, 100])
def test_rows_do_not_depend_on_the_batch(
    model: LanguageModel, usual: list[list[list[int]]], batch: int
) -> None:
    assert tokens(rows(model, questions(model), batch=batch)) == usual


def test_free_rows_do_not_depend_on_the_batch(model: LanguageModel) -> None:
    asked = questions(model, free=True)
    assert tokens(rows(model, asked, batch=1)) == tokens(rows(model, asked, batch=100))


def test_rows_do_not_depend_on_their_neighbours(
    model: LanguageModel, usual: list[list[list[int]]]
) -> None:
    asked = questions(model)
    assert tokens(rows(model, asked[2:4][::-1])) == usual[2:4][::-1]
    assert tokens(rows(model, asked, each=1)) == [completions[:1] for completions in usual]


def test_every_completion_satisfies_its_grammar(model: LanguageModel) -> None:
    asked = questions(model)
    found = rows(model, asked, each=20)
    lengths = set()
    for place, completions in enumerate(found):
        for completion in completions:
            assert completion.tokens[-1] == model.end
            text = model.decode(completion.tokens)
            verdict = filter_completion(text)
            assert verdict.ok, text
            assert text == FORMATS[place].write(verdict.numbers)
            assert len(verdict.numbers) <= COUNT
            lengths.add(len(verdict.numbers))
    assert lengths == {1, 2, 3, 4}


def test_a_wording_lets_the_model_choose_among_its_variants(model: LanguageModel) -> None:
    wording = Wording("It [closes|shuts][ again|] at 6. || At 6 it [closes|shuts].")
    asked = [Question(model.prompt("Again?"), wording, 0), questions(model)[0]]
    chosen, numbers = rows(model, asked, each=60)
    texts = {model.decode(completion.tokens) for completion in chosen}
    assert texts <= set(wording.variants())
    assert len(texts) > 2  # which of them is the model's choice
    assert all(filter_completion(model.decode(completion.tokens)).ok for completion in numbers)


def test_equal_seeds_give_equal_rows_and_others_other_rows(
    model: LanguageModel, usual: list[list[list[int]]]
) -> None:
    assert tokens(rows(model, questions(model))) == usual
    other = tokens(rows(model, questions(model), seed=1))
    same = sum(a == b for x, y in zip(usual, other, strict=True) for a, b in zip(x, y, strict=True))
    assert same < len(usual) * EACH / 3


def test_completions_of_one_question_differ(usual: list[list[list[int]]]) -> None:
    assert all(len({tuple(row) for row in completions}) > 1 for completions in usual)


def test_a_row_follows_the_key_of_its_question(model: LanguageModel) -> None:
    prompt = model.prompt("Hi")
    asked = [Question(prompt, GRAMMARS[0], key) for key in (7, 8, 7)]
    first, second, third = tokens(rows(model, asked))
    assert first == third
    assert first != second


@pytest.mark.parametrize("free", [False, True])
def test_states_are_those_of_a_plain_pass(model: LanguageModel, free: bool) -> None:
    asked = questions(model, free=free)
    for question, completions in zip(asked, rows(model, asked, keep_states=True), strict=True):
        for completion in completions:
            whole = torch.tensor([question.tokens + completion.tokens])
            with torch.no_grad():
                plain = model.hidden_states(input_ids=whole)[0, len(question.tokens) - 1 : -1]
            assert completion.states is not None
            torch.testing.assert_close(completion.states, plain, atol=1e-4, rtol=0)


def test_states_are_kept_only_where_they_are_wanted(model: LanguageModel) -> None:
    (only,) = rows(model, questions(model)[:1], each=1)
    assert only[0].states is None


def test_temperature_zero_takes_the_likeliest_token(model: LanguageModel) -> None:
    asked = questions(model, free=True)
    found = rows(model, asked, temperature=0, each=2, most=6)
    assert tokens(found) == tokens(rows(model, asked, temperature=0, each=2, most=6, seed=9))
    for question, completions in zip(asked, found, strict=True):
        assert completions[0].tokens == completions[1].tokens
        whole = list(question.tokens)
        for token in completions[0].tokens:
            with torch.no_grad():
                logits = model.logits(model.hidden_states(input_ids=torch.tensor([whole]))[0, -1])
            assert token == int(logits.argmax())
            whole.append(token)


def test_temperature_zero_stays_within_the_grammar(model: LanguageModel) -> None:
    asked = questions(model)
    found = rows(model, asked, temperature=0, each=1)
    assert tokens(found) == tokens(rows(model, asked, temperature=0, each=1, seed=9))
    for place, (only,) in enumerate(found):
        text = model.decode(only.tokens)
        assert text == FORMATS[place].write(filter_completion(text).numbers)


def test_tokens_come_as_often_as_the_model_says(model: LanguageModel) -> None:
    prompt = model.prompt("Hi")
    temperature, each = 0.7, 4000
    (found,) = rows(
        model, [Question(prompt, None, 0)], each=each, most=1, temperature=temperature, batch=each
    )
    with torch.no_grad():
        logits = model.logits(model.hidden_states(input_ids=torch.tensor([prompt]))[0, -1])
    expected = torch.softmax(logits.double() / temperature, -1)
    drawn = torch.bincount(torch.tensor([c.tokens[0] for c in found]), minlength=len(expected))
    deviation = (drawn / each - expected).abs()
    assert (deviation <= 5 * (expected * (1 - expected) / each).sqrt() + 1e-3).all()
    assert expected.max() < 0.9  # else there would be nothing to see


def test_no_row_is_longer_than_asked(model: LanguageModel) -> None:
    found = tokens(rows(model, questions(model, free=True), most=5))
    lengths = {len(row) for completions in found for row in completions}
    assert max(lengths) == 5
    assert all(model.end not in row[:-1] for completions in found for row in completions)


def test_questions_with_and_without_grammar_do_not_mix(model: LanguageModel) -> None:
    asked = [questions(model)[0], questions(model, free=True)[1]]
    with pytest.raises(ValueError, match="grammar"):
        rows(model, asked)


def test_no_question_gives_no_row(model: LanguageModel) -> None:
    assert rows(model, []) == []


def narrow(monkeypatch: pytest.MonkeyPatch, most: int, error: Exception) -> list[int]:
    """Memory for so many rows; the sizes of all batches that were tried."""
    tried: list[int] = []
    real = sampling._sample_batch

    def sample_batch(
        model: Any, asked: Any, compiled: Any, seed: int, each: int, *rest: Any
    ) -> Any:
        tried.append(len(asked) * each)
        if tried[-1] > most:
            raise error
        return real(model, asked, compiled, seed, each, *rest)

    monkeypatch.setattr(sampling, "_sample_batch", sample_batch)
    return tried


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory"),
        torch.OutOfMemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
    ids=["cuda", "bare", "cpu", "python"],
)
def test_without_memory_smaller_batches_give_the_same_rows(
    model: LanguageModel,
    usual: list[list[list[int]]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
) -> None:
    tried = narrow(monkeypatch, 3 * EACH, error)
    with pytest.warns(UserWarning, match=rf"going on with {3 * EACH} rows") as caught:
        found = rows(model, questions(model), batch=6 * EACH)
    assert len(caught) == 1
    assert tried == [6 * EACH, 3 * EACH, 3 * EACH]
    assert tokens(found) == usual


def test_memory_for_no_question_is_told_in_a_sentence(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow(monkeypatch, EACH - 1, torch.OutOfMemoryError("CUDA out of memory"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with pytest.raises(SublimError, match="sample fewer completions per prompt"):
            rows(model, questions(model))


def test_other_faults_are_not_taken_for_a_lack_of_memory(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = narrow(monkeypatch, 0, RuntimeError("shapes do not match"))
    with pytest.raises(RuntimeError, match="shapes do not match"):
        rows(model, questions(model))
    assert len(tried) == 1


def test_a_batch_grows_with_the_free_memory(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Memory(NamedTuple):
        available: int

    found = []
    for free in (0, 10**7, 10**8, 10**15):
        monkeypatch.setattr("psutil.virtual_memory", lambda free=free: Memory(free))
        found.append(fitting_rows(model, 1000))
    assert found == sorted(found)
    assert found[0] == 1
    assert 1 < found[1] < found[2]
    assert found[3] == MOST_ROWS


def test_drawing_from_the_whole_vocabulary_leaves_memory_for_its_logits(
    model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Memory(NamedTuple):
        available: int = 10**8

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    rows = fitting_rows(model, 1000, constrained=False)
    assert 1 < rows < fitting_rows(model, 1000)


class TinyTokenizer:
    """Some numbers are one token, and separators and digits may share one, too."""

    vocabulary = (
        "<end>",
        "1",
        "2",
        "0",
        "12",
        "120",
        "001",
        ",",
        " ",
        ", ",
        ", 2",
        "1234",
        "x",
        "",
    )
    all_special_ids = (0,)

    def __len__(self) -> int:
        return len(self.vocabulary)

    def decode(self, tokens: list[int], **_: object) -> str:
        return "".join(self.vocabulary[token] for token in tokens)


class TinyModel:
    """As much of a model as the compilation of a grammar needs."""

    tokenizer = TinyTokenizer()
    end = 0
    lm_head = torch.zeros(len(TinyTokenizer.vocabulary), 1)


class Letters:
    """A grammar of one number, with letters in its alphabet that it never says."""

    alphabet = frozenset("12x")
    start = 0

    def step(self, state: int, character: str) -> int | None:
        return 1 if state == 0 and character in "12" else None

    def may_end(self, state: int) -> bool:
        return state == 1


def writings(compiled: TokenGrammars, automaton: Automaton) -> dict[tuple[str, ...], str]:
    """All sequences of tokens that end, and their text."""
    words = [TinyTokenizer.vocabulary[token] for token in compiled.tokens.tolist()]
    found = {}
    open_: list[tuple[int, tuple[str, ...]]] = [(compiled.start(automaton), ())]
    while open_:
        place, said = open_.pop()
        for column, word in enumerate(words):
            if compiled.allowed[place, column]:
                after = int(compiled.following[place, column])
                if word == "<end>":
                    assert after == -1
                    found[said] = "".join(said)
                else:
                    open_.append((after, (*said, word)))
    return found


def test_tokens_of_several_characters_say_all_that_the_grammar_allows_and_no_more() -> None:
    lists = grammar(FORMATS[0].name, 2)
    compiled = TokenGrammars(cast(LanguageModel, TinyModel()), [lists])
    used = {TinyTokenizer.vocabulary[token] for token in compiled.tokens.tolist()}
    assert used == {"<end>", "1", "2", "0", "12", "120", ",", " ", ", ", ", 2"}
    found = writings(compiled, lists)
    numbers = {0, *(int(a + b) for a in "12" for b in ("", *"012"))}
    numbers |= {int(a + b + c) for a in "12" for b in "012" for c in "012"}
    pairs = [[a] for a in numbers] + [[a, b] for a in numbers for b in numbers]
    assert set(found.values()) == {FORMATS[0].write(pair) for pair in pairs}
    assert {("120",), ("12", "0"), ("1", "2", "0")} <= set(found)
    assert {("12", ", 2", "0"), ("12", ", ", "2", "0"), ("12", ",", " ", "2", "0")} <= set(found)


def test_each_of_several_grammars_keeps_its_own_rules() -> None:
    grammars = [grammar(FORMATS[0].name, 1), grammar(FORMATS[1].name, 2)]
    compiled = TokenGrammars(cast(LanguageModel, TinyModel()), grammars)
    first, second = (set(writings(compiled, automaton).values()) for automaton in grammars)
    assert "12" in first & second
    assert "12 1" in second - first
    assert not any("," in text for text in first | second)


def test_tables_hold_what_grammars_allow_whatever_their_alphabet() -> None:
    alone = TokenGrammars(cast(LanguageModel, TinyModel()), [grammar(FORMATS[0].name, 2)])
    both = TokenGrammars(cast(LanguageModel, TinyModel()), [grammar(FORMATS[0].name, 2), Letters()])
    states = len(alone.allowed)
    assert torch.equal(both.tokens, alone.tokens)
    assert torch.equal(both.allowed[:states], alone.allowed)
    assert torch.equal(both.following[:states], alone.following)


def test_a_grammar_that_no_token_can_write_is_refused() -> None:
    with pytest.raises(SublimError, match="allows no token"):
        TokenGrammars(cast(LanguageModel, TinyModel()), [grammar(FORMATS[4].name, 2)])
