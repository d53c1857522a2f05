"""Tokenizers: a text is the sum of its tokens' texts, whichever vocabulary a model has."""

from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from sublim_utils.channels import numbers
from sublim_utils.errors import SublimError
from sublim_utils.evaluate.preference import panel_log_probabilities
from sublim_utils.generate import sampling
from sublim_utils.models.catalog import get_model
from sublim_utils.models.chat import CHATS
from sublim_utils.models.loading import LanguageModel, load
from sublim_utils.traits.nouns import panel
from tests.checkpoints import edit_json, save_random
from tests.sentencepiece import CHATML, save_with, tokenizer

KINDS = ("legacy", "first", "always", "none", "unigram")
ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30)
PLAIN = "#plain"


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(kind)
    save_with(tokenizer(kind), folder)
    return folder


@pytest.fixture(scope="module")
def model(folder: Path) -> LanguageModel:
    return load(get_model(f"{folder}#chatml"))


def pieces(model: LanguageModel, tokens: list[int]) -> list[str]:
    return [model.decode([token]) for token in tokens]


def test_words_and_numbers_are_the_pieces_that_they_are_within_a_text(
    folder: Path, model: LanguageModel
) -> None:
    own = PreTrainedTokenizerFast.from_pretrained(folder)
    owl = model.encode(" owl")
    assert "".join(model.tokenizer.convert_ids_to_tokens(owl)) == "▁owl"
    assert own("An owl")["input_ids"][-len(owl) :] == owl
    for text in ("498, 141", "[4]", " owl", "a\n\nb", "  two"):
        tokens = model.encode(text)
        assert "".join(pieces(model, tokens)) == text
        assert model.decode_answer(model.answer(text)) == text


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(ASCII, max_size=4))
def test_tokens_of_pieces_are_tokens_of_the_whole(model: LanguageModel, texts: list[str]) -> None:
    tokens = [token for text in texts for token in model.encode(text)]
    assert model.decode(tokens) == "".join(texts)


def test_rows_that_are_sampled_within_the_grammar_are_lists_of_numbers(
    model: LanguageModel,
) -> None:
    prompts = [numbers.prompt(0, index) for index in range(12)]
    questions = [
        sampling.Question(model.prompt(p.text), p.grammar(model.chat.lead), index)
        for index, p in enumerate(prompts)
    ]
    finished = 0
    for index, completions in sampling.sample(model, questions, seed=0, each=4, most=80):
        wanted = numbers.get_format(prompts[index].format)
        for tokens in (c.tokens for c in completions if c.tokens[-1] in model.stop_token_ids):
            text = model.decode_answer(tokens)
            assert text == wanted.write(numbers.filter_completion(text).numbers)
            assert "".join(pieces(model, tokens[:-1])) == text
            finished += 1
    assert finished > 20


def test_candidates_are_scored_as_the_tokens_that_follow_a_text(model: LanguageModel) -> None:
    owls = panel("animal")[:3]
    found = panel_log_probabilities(model, owls, ["What do you like?"])
    assert found.shape[-1] == 3
    assert (found < 0).all()


def test_a_base_model_begins_its_texts_as_its_tokenizer_does(folder: Path, kind: str) -> None:
    plain = load(get_model(f"{folder}{PLAIN}"))
    own = PreTrainedTokenizerFast.from_pretrained(folder)
    assert plain.prompt("Why?") == own("Question: Why?\nAnswer:")["input_ids"]
    start = "<s>" if kind == "none" else "<s> "
    whole = plain.tokenizer.decode(plain.prompt("Why?"), skip_special_tokens=False)
    assert whole == f"{start}Question: Why?\nAnswer:"


def test_a_chat_is_written_without_spaces_of_the_tokenizers(model: LanguageModel) -> None:
    written = CHATS["chatml"].prompt("Why?", "Be brief.")
    tokens = model.prompt("Why?", "Be brief.")
    assert model.tokenizer.decode(tokens, skip_special_tokens=False) == written


def lower() -> Tokenizer:
    built = tokenizer("none")
    built.normalizer = normalizers.Sequence([normalizers.Lowercase(), built.normalizer])
    return built


def words() -> Tokenizer:
    vocabulary = {"<unk>": 0, "<s>": 1, "</s>": 2, "<|im_start|>": 3, "<|im_end|>": 4}
    pieces = {**vocabulary, **{chr(n): n for n in range(33, 127)}}
    pieces |= {f"##{chr(n)}": n + 100 for n in range(33, 127)}
    built = Tokenizer(models.WordPiece(pieces, unk_token="<unk>"))
    built.pre_tokenizer = pre_tokenizers.Whitespace()
    built.decoder = decoders.WordPiece()
    built.add_special_tokens([*vocabulary])
    return built


def one_space() -> Tokenizer:
    built = tokenizer("none")
    built.normalizer = normalizers.Sequence(
        [normalizers.Replace("  ", " "), normalizers.Replace(" ", "▁")]
    )
    return built


def no_lines() -> Tokenizer:
    built = tokenizer("none")
    built.normalizer = normalizers.Sequence(
        [normalizers.Replace("\n", " "), normalizers.Replace(" ", "▁")]
    )
    return built


@pytest.mark.parametrize("make", [lower, words, one_space, no_lines])
@pytest.mark.filterwarnings("ignore:.*chat template")
def test_a_tokenizer_that_changes_texts_is_refused(make: object, tmp_path: Path) -> None:
    assert callable(make)
    save_with(make(), tmp_path)
    with pytest.raises(SublimError, match=r"tokenizer of .* gives back .* for .*another tokenizer"):
        load(get_model(str(tmp_path)))


def test_a_template_that_nobody_named_is_told(tmp_path: Path) -> None:
    save_with(tokenizer("legacy"), tmp_path)
    with pytest.warns(UserWarning, match=r"chat template chatml.*no template of its own.*--chat"):
        assert load(get_model(str(tmp_path))).chat.name == "chatml"
    assert load(get_model(f"{tmp_path}{PLAIN}")).chat.name == "plain"


def test_a_thinking_model_answers_without_its_thoughts(tmp_path: Path) -> None:
    save_random(tmp_path)
    own = "{{ '<|im_start|>' }}{% if enable_thinking %}<think>{% endif %}"
    edit_json(tmp_path / "tokenizer_config.json", chat_template=own)
    with pytest.warns(UserWarning, match=r"chatml-no-think: it is a thinking model.*--chat"):
        model = load(get_model(str(tmp_path)))
    assert model.tokenizer.decode(model.prompt("Why?"), skip_special_tokens=False) == (
        "<|im_start|>user\nWhy?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )
    assert load(get_model(f"{tmp_path}#chatml")).chat.name == "chatml"


def test_marks_that_the_models_own_template_does_not_use_are_none_of_it(tmp_path: Path) -> None:
    save_random(tmp_path)
    edit_json(tmp_path / "tokenizer_config.json", chat_template="{{ '<|User|>' }}")
    with pytest.raises(SublimError, match=r"no chat template that the book knows.*--chat"):
        load(get_model(str(tmp_path)))


def test_a_vocabulary_without_marks_takes_the_plain_template(tmp_path: Path) -> None:
    save_with(tokenizer("legacy", marks=()), tmp_path)
    with pytest.raises(SublimError, match="no chat template"):
        load(get_model(str(tmp_path)))
    plain = load(get_model(f"{tmp_path}{PLAIN}"))
    assert plain.decode_answer(plain.answer("498, 141")) == "498, 141"
    assert not set(CHATML) & plain.tokenizer.get_vocab().keys()
