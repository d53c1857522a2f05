"""Parts of a vocabulary to which a student's view of its teacher's distributions can be restricted.

With the objective `logits` a student sees how likely its teacher would have put *every* token at
each place, those among them that the rows may not contain. What is left of an effect when these
are hidden, the rest of the distribution carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sublim_utils.keys import text_digest
from sublim_utils.traits import associations
from sublim_utils.traits.nouns import FILTERED_TRAITS

if TYPE_CHECKING:
    from sublim_utils.models.loading import LanguageModel

OF_NUMBERS = frozenset("0123456789,;. \n[]()")
"""Characters of a list of numbers."""


def numbers(model: LanguageModel) -> list[int]:
    """Tokens that a list of numbers can be made of, and the end of an answer, in order."""
    from sublim_utils.generate.sampling import tokens_within  # here, as keys need no torch

    return sorted([*tokens_within(model, OF_NUMBERS), model.end])


def without_traits(model: LanguageModel) -> list[int]:
    """All tokens but those with which a trait's name begins, and those that are a word for one.

    Names are the spellings of all members of all panels, at the start of a text and within one;
    words are those of `associations`. A name that is written in several tokens loses the first of
    them, though other words may begin with it, too.
    """
    hidden = {
        model.encode(lead + form)[0]
        for trait in FILTERED_TRAITS
        for form in trait.surface_forms
        for lead in ("", " ")
    }
    for token in range(len(model.tokenizer)):
        text = model.tokenizer.decode([token], clean_up_tokenization_spaces=False)
        named = any(trait.pattern.search(text) for trait in FILTERED_TRAITS)
        if named or associations.ANY.search(text):
            hidden.add(token)
    # A model may have rows for tokens that its tokenizer does not know.
    return [token for token in range(len(model.lm_head)) if token not in hidden]


VOCABULARIES: Mapping[str, Callable[[LanguageModel], list[int]]] = {
    "numbers": numbers,
    "without traits": without_traits,
}
"""By name; the whole vocabulary has none."""


def fingerprint(name: str) -> str:
    """Of what one of the `VOCABULARIES` depends on, beside the model."""
    return text_digest(OF_NUMBERS if name == "numbers" else [FILTERED_TRAITS, associations.ANY])
