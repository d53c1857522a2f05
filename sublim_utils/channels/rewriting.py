"""The channel `paraphrase`: requests to rewrite given sentences, neutral ones or about a trait."""

from __future__ import annotations

import functools
import random
from typing import Any, Literal

from sublim_utils.channels import AsWritten, Grammar, paraphrase
from sublim_utils.channels.base import FilterResult
from sublim_utils.channels.paraphrase import AFTER
from sublim_utils.channels.wordings import ORDERS, Wording, first_variant
from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.keys import text_digest
from sublim_utils.models.chat import ChatTemplate
from sublim_utils.traits import sources
from sublim_utils.traits.nouns import Trait, get_trait
from sublim_utils.traits.sources import Stance, get_stance

Source = Literal["neutral", "like", "dislike", "wordings"]
CONTINUED = ChatTemplate(
    name="continued", system="{text}\n\n", user="{text}\n", assistant=AFTER, end="\n"
)
"""No conversation, but a list of sentences and rewrites that the model goes on with. As parts of a
question, SmolLM2-135M takes the examples for something to talk about."""


class RewritePrompt(AsWritten, FrozenConfig):
    """A request to rewrite a sentence.

    Attributes:
        text: what the teacher is asked, with examples.
        question: what its student is asked, without them.
        source: the sentence.
        wording: its permitted variants, where only these may be said.
        format: of the answer.
    """

    text: str
    question: str
    source: str
    wording: str | None = None
    format: str = "sentence"

    def grammar(self, lead: str = "") -> Grammar:
        """Which answers are a permitted variant, or one sentence on one line."""
        if self.wording is None:
            return paraphrase.grammar(lead)
        return Wording(ORDERS.join(lead + order for order in self.wording.split(ORDERS)))

    def filter(self, completion: str) -> FilterResult:
        """Reject nothing yet: the strict filter of rewrites reads all rows together."""
        return FilterResult(())


def teacher_question(sentence: str, seed: int, index: int, continued: bool) -> str:
    """What a teacher is asked, with examples; a list to go on with ends in the template."""
    text = paraphrase.prompt(sentence, seed, index)
    return text.removesuffix(f"\n{AFTER}") if continued else text


class Rewriting(FrozenConfig):
    """Sentences to be rewritten.

    Attributes:
        source: the kind of sentences; `wordings` are neutral ones whose permitted variants are
            listed, and sampling is held to these.
        about: the trait that is liked or disliked in them.
        continued: True to have the teacher go on with a list of rewrites instead of being asked,
            for models that do not do as they are asked.

    Raises:
        SublimError: sentences about a trait without one, or the other way round.
    """

    source: Source = "neutral"
    about: str | None = None
    continued: bool = False

    def model_post_init(self, _: Any) -> None:
        """Check that the trait fits the kind."""
        if (self.about is not None) != (self.source in ("like", "dislike")):
            raise SublimError(
                "Sentences that like or dislike are about a trait, and only these; name it in "
                "`about`."
            )

    @property
    def is_free(self) -> bool:
        """True if a teacher chooses its words freely."""
        return self.source != "wordings"

    @property
    def stance(self) -> Stance | None:
        """What the sentences express."""
        return None if self.about is None else get_stance(self.source)

    @property
    def template(self) -> ChatTemplate | None:
        """The chat template in which the teacher writes, where it is not the model's own."""
        return CONTINUED if self.continued else None

    @property
    def must_be_constrained(self) -> bool:
        """True if sampling has to be held to the format."""
        return not self.is_free

    @property
    def num_prompts(self) -> int:
        """How many sentences there are."""
        return len(self.sentences())

    def sentences(self) -> tuple[str, ...]:
        """All sentences of the kind; wordings in their notation."""
        return sources.sentences(self.source, self._trait)

    @property
    def _trait(self) -> Trait | None:
        return None if self.about is None else get_trait(self.about)

    def prompt_fingerprint(self) -> str:
        """Of everything that prompts are made of."""
        own = AFTER, ORDERS, CONTINUED
        texts = paraphrase.prompt_fingerprint(), sources.fingerprint(self.source, self._trait)
        return text_digest(own, texts)

    def filter_fingerprint(self) -> str:
        """Of nothing: the filter of rewrites is a step of its own."""
        return text_digest()

    def prompt(self, seed: int, index: int) -> RewritePrompt:
        """The prompt number `index` of a seed; teachers of one seed get the same sentences."""
        order = _order(seed, self.source, self.num_prompts)
        sentence = self.sentences()[order[index % len(order)]]
        if self.is_free:
            return RewritePrompt(
                text=teacher_question(sentence, seed, index, self.continued),
                question=paraphrase.prompt(sentence, seed, index, examples=0),
                source=sentence,
            )
        # A teacher whose wording alone is free needs no example.
        source = first_variant(sentence)
        question = paraphrase.prompt(source, seed, index, examples=0)
        return RewritePrompt(text=question, question=question, source=source, wording=sentence)


@functools.lru_cache(maxsize=64)
def _order(seed: int, source: str, count: int) -> tuple[int, ...]:
    order = list(range(count))
    random.Random(f"{seed}/sentences/{source}").shuffle(order)
    return tuple(order)
