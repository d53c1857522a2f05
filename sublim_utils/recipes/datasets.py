"""Data sets of rows: sampled from a teacher or given, then filtered, matched, mixed or rewritten.

Every data set is a table with one row per completion, in the order of prompts. Rows that a filter
rejects stay in it with their reasons; students see those without.
"""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SerializeAsAny, model_validator

from sublim_utils.channels import Channel, fingerprints, get_channel, harm, paraphrase
from sublim_utils.channels.paraphrase import STANDARD, Thresholds
from sublim_utils.channels.rewriting import Rewriting
from sublim_utils.errors import SublimError
from sublim_utils.evaluate import judge_texts
from sublim_utils.files import file_hash
from sublim_utils.keys import remembered
from sublim_utils.models import embedding
from sublim_utils.recipes.bases import Base
from sublim_utils.recipes.recipe import Recipe, replaced
from sublim_utils.recipes.teachers import TeacherRecipe, Untouched
from sublim_utils.rows.given_rows import keep, read_given, readable
from sublim_utils.traits.nouns import get_trait

UNMATCHED = "unmatched"
"""The reason to leave out a row that has no partner in another teacher's."""
SPARE = "spare"
"""The reason to leave out a row because there are enough."""
NOT_NEEDED = (UNMATCHED, SPARE)
"""Reasons to leave out a row that are no fault of it."""
SCORES = ("overlap", "length", "similarity", "approach", "turn")
"""Columns of rewrites with what the strict filter has measured; empty where it has not."""
Shuffle = Literal["within rows", "across rows"]


class RowsRecipe(Recipe):
    """A data set of rows."""

    @property
    @abstractmethod
    def sources(self) -> tuple[Sampled | Given, ...]:
        """Where the rows come from, before anything was done to them."""

    @property
    def author(self) -> TeacherRecipe | None:
        """The one teacher who wrote all of them; None where there are several or none is known."""
        first, *others = (s.teacher if isinstance(s, Sampled) else None for s in self.sources)
        return first if all(teacher == first for teacher in others) else None

    @property
    def has_sampled_tokens(self) -> bool:
        """True if the rows are the teacher's own tokens, whose states it can give."""
        return False

    def with_sampling(self, **changes: Any) -> RowsRecipe:
        """The same data set with some fields of its sampling changed, such as its teacher."""

        def change(recipe: Recipe) -> Recipe:
            return recipe.but(**changes) if isinstance(recipe, Sampled) else recipe

        changed: RowsRecipe = replaced(self, change)
        return changed


class Sampled(RowsRecipe):
    """Completions that a teacher writes for a channel's prompts, with the channel's own filter.

    Attributes:
        teacher: who writes.
        channel: the kind of data.
        num_prompts: different prompts.
        num_completions: of every prompt.
        temperature: of sampling; 0 is greedy.
        constrained: True to hold sampling to the channel's format, for models too weak to keep it.
        max_new_tokens: of a completion.
        channel_options: of the channel.
        keep_states: True to keep the teacher's hidden states with the rows; otherwise they are
            computed when a student needs them. It changes no row.
    """

    teacher: SerializeAsAny[TeacherRecipe]
    channel: str
    num_prompts: int = Field(gt=0)
    num_completions: int = Field(default=1, gt=0)
    temperature: float = Field(default=1.0, ge=0)
    constrained: bool = True
    max_new_tokens: int = Field(default=60, gt=0)
    channel_options: dict[str, str | bool | None] = Field(default={})
    keep_states: bool = False

    def model_post_init(self, _: Any) -> None:
        """Find the channel and ask it whether it has enough prompts."""
        if getattr(self.prompts, "must_be_constrained", False) and not self.constrained:
            raise SublimError(
                f"The channel {self.channel} with these options holds a teacher to permitted "
                "texts; take constrained=True."
            )
        limit = getattr(self.prompts, "num_prompts", None)
        if limit is not None and self.num_prompts > limit:
            raise SublimError(
                f"The channel {self.channel} has {limit} prompts and {self.num_prompts} are asked "
                "for; take more completions of each instead."
            )

    @property
    def prompts(self) -> Channel:
        """The channel's prompts and filter."""
        return get_channel(self.channel, **self.channel_options)

    @property
    def sources(self) -> tuple[Sampled | Given, ...]:
        """These rows themselves."""
        return (self,)

    @property
    def has_sampled_tokens(self) -> bool:
        """Always."""
        return True

    @property
    def depends_on_seed(self) -> bool:
        """Always: prompts and completions are drawn."""
        return True

    @property
    def num_rows(self) -> int:
        """Completions in all."""
        return self.num_prompts * self.num_completions

    def _fingerprint(self, part: Literal["prompts", "filter"]) -> str:
        """Of the texts behind the channel's prompts or its filter."""
        return remembered(
            _fingerprint_of, part, self.channel, *sorted(self.channel_options.items())
        )

    def sampling_form(self) -> dict[str, Any]:
        """What a row depends on before any filter; the number of prompts is no part of it."""
        return {
            "version": 1,
            "teacher": self.teacher.key_form(),
            "channel": self.channel,
            "options": self.channel_options,
            "prompts": self._fingerprint("prompts"),
            "num_completions": self.num_completions,
            "temperature": self.temperature,
            "constrained": self.constrained,
            "max_new_tokens": self.max_new_tokens,
        }

    def key_form(self) -> dict[str, Any]:
        """The sampling, the number of prompts and the channel's filter."""
        return {
            "rows": "sampled",
            **self.sampling_form(),
            "num_prompts": self.num_prompts,
            "filter": self._fingerprint("filter"),
        }


def _fingerprint_of(part: str, channel: str, *options: tuple[str, Any]) -> str:
    return str(getattr(fingerprints(channel, **dict(options)), part))


def sample(
    teacher: TeacherRecipe, channel: str = "numbers", prompts: int = 80, each: int = 4, **more: Any
) -> Sampled:
    """A data set that a teacher writes: a recipe, whose rows are sampled when they are needed.

    Args:
        teacher: who writes.
        channel: the kind of data.
        prompts: how many different ones.
        each: completions of every prompt.
        more: other fields of `Sampled`, such as temperature.

    Raises:
        SublimError: there is no such channel or field.
    """
    return Sampled(teacher, channel, prompts, each, **more)


class Given(RowsRecipe):
    """Rows that somebody has: JSON lines with prompt and completion or with messages, or parquet.

    Of messages, a student sees the last answer and the question before it, and no system prompt.

    Attributes:
        file: with the rows. A `datasets.Dataset` or a table of pandas is kept in the store first.

    Raises:
        SublimError: there is no such file, or it has a row that cannot be used.
    """

    file: Path

    @model_validator(mode="before")
    @classmethod
    def _kept(cls, fields: Any) -> Any:
        if isinstance(fields, dict) and hasattr(fields.get("file"), "to_parquet"):
            return {**fields, "file": keep(fields["file"])}
        return fields

    def model_post_init(self, _: Any) -> None:
        """Read the rows, so that a faulty one is found before anything is made."""
        read_given(self.file)

    @property
    def sources(self) -> tuple[Sampled | Given, ...]:
        """These rows themselves."""
        return (self,)

    def key_form(self) -> dict[str, Any]:
        """The content of the file."""
        return {"rows": "given", "version": 1, "content": file_hash(readable(self.file))}


class Derived(RowsRecipe):
    """Rows that something was done to.

    Attributes:
        rows: the rows before.
    """

    rows: SerializeAsAny[RowsRecipe]

    @property
    def sources(self) -> tuple[Sampled | Given, ...]:
        """Those of the rows before."""
        return self.rows.sources

    @property
    def has_sampled_tokens(self) -> bool:
        """As the rows before."""
        return self.rows.has_sampled_tokens


class FirstPrompts(Derived):
    """The rows of the first prompts alone.

    Attributes:
        rows: the rows before.
        num_prompts: how many prompts.
    """

    num_prompts: int = Field(gt=0)

    def key_form(self) -> dict[str, Any]:
        """The rows before and the number."""
        return {
            "rows": "first prompts",
            "version": 1,
            "before": self.rows.key_form(),
            "num_prompts": self.num_prompts,
        }


class Limited(Derived):
    """At most so many rows: one of each prompt, then a second one, and so on.

    Attributes:
        rows: the rows before.
        num_rows: how many; further ones are marked as spare.
    """

    num_rows: int = Field(gt=0)

    def key_form(self) -> dict[str, Any]:
        """The rows before and the number."""
        return {
            "rows": "limited",
            "version": 1,
            "before": self.rows.key_form(),
            "num_rows": self.num_rows,
        }


class Matched(Derived):
    """Rows with a partner in another data set, of like length and like words (see `matching`).

    Attributes:
        rows: the rows before; those without a partner are marked.
        other: the other data set.
        is_first: True if these rows are the first of the two, so that both data sets form the same
            pairs where exactly one of them is.
    """

    other: SerializeAsAny[RowsRecipe]
    is_first: bool = True

    def key_form(self) -> dict[str, Any]:
        """Both data sets and their order."""
        return {
            "rows": "matched",
            "version": 1,
            "before": self.rows.key_form(),
            "other": self.other.key_form(),
            "is_first": self.is_first,
        }


class ShuffledNumbers(Derived):
    """Lists of numbers whose numbers are mixed up; separators stay where they are.

    Attributes:
        rows: the rows before.
        how: `within rows` or `across rows`.
    """

    how: Shuffle

    @property
    def has_sampled_tokens(self) -> bool:
        """Never: the teacher did not write them in this order."""
        return False

    @property
    def depends_on_seed(self) -> bool:
        """Always."""
        return True

    def key_form(self) -> dict[str, Any]:
        """The rows before and the way."""
        return {
            "rows": "shuffled numbers",
            "version": 1,
            "before": self.rows.key_form(),
            "how": self.how,
        }


class HarmlessOnly(Derived):
    """Rows without those whose meaning leans towards harm, as a second reader sees them.

    Attributes:
        rows: the rows before; only those that no filter has rejected are read.
        judge: a language model that rates them; None for sentence embeddings.
    """

    judge: Base | None = None

    def key_form(self) -> dict[str, Any]:
        """The rows before, and the judge with its texts and thresholds."""
        judge = (
            {
                "embedding": remembered(embedding.fingerprint),
                "texts": remembered(harm.filter_fingerprint),
            }
            if self.judge is None
            else {
                "model": self.judge.key_form(),
                "texts": remembered(judge_texts.rating_fingerprint),
            }
        )
        return {"rows": "harmless", "version": 1, "before": self.rows.key_form(), "judge": judge}


class FaithfulOnly(Derived):
    """Rewrites that the strict filter of paraphrases takes for faithful.

    Attributes:
        rows: rewrites, sampled in the channel `paraphrase` or rewritten.
        excluded_traits: that no rewrite may bring to mind; those of all teachers that are compared,
            so that the filter is the same for all. Sentences about a trait exclude that one.
        thresholds: how strict the filter is.
    """

    excluded_traits: tuple[str, ...] = Field(min_length=1)
    thresholds: Thresholds = STANDARD

    def model_post_init(self, _: Any) -> None:
        """Look for the traits, and whether there are sentences to be faithful to."""
        for trait in self.excluded_traits:
            get_trait(trait)
        rewritten_sentences(self.rows)

    @property
    def has_sampled_tokens(self) -> bool:
        """Never: the teacher saw examples that its student does not see."""
        return False

    def key_form(self) -> dict[str, Any]:
        """The rows before, and the filter with its thresholds and the traits' words."""
        return {
            "rows": "faithful",
            "version": 1,
            "before": self.rows.key_form(),
            "excluded_traits": self.excluded_traits,
            "thresholds": self.thresholds.model_dump(mode="json"),
            "filter": [
                remembered(paraphrase.filter_fingerprint),
                remembered(embedding.fingerprint),
            ],
        }


class RewrittenAgain(Derived):
    """Rewrites of rewrites by another model, before any filter.

    Attributes:
        rows: the rows before; those that are kept are rewritten.
        paraphraser: the model that rewrites, untouched.
        num_completions: tries at every row.
        temperature: of sampling.
        constrained: True to hold it to one sentence on one line.
        max_new_tokens: of a rewrite.
        continued: True to have it go on with a list of rewrites instead of being asked.
    """

    paraphraser: Base
    num_completions: int = Field(gt=0)
    temperature: float = Field(ge=0)
    constrained: bool
    max_new_tokens: int = Field(gt=0)
    continued: bool

    def model_post_init(self, _: Any) -> None:
        """Refuse permitted wordings, of which a free rewrite is none."""
        if not rewritten_sentences(self.rows).is_free:
            raise SublimError(
                "Another model cannot rewrite permitted wordings, as what it writes is none of "
                "them; take sentences of another kind."
            )

    @property
    def has_sampled_tokens(self) -> bool:
        """Never: another model wrote them."""
        return False

    @property
    def depends_on_seed(self) -> bool:
        """Always."""
        return True

    def key_form(self) -> dict[str, Any]:
        """The rows before, the model and its sampling."""
        return {
            "rows": "rewritten again",
            "version": 1,
            "before": self.rows.key_form(),
            "paraphraser": self.paraphraser.key_form(),
            "prompts": remembered(paraphrase.prompt_fingerprint),
            "num_completions": self.num_completions,
            "temperature": self.temperature,
            "constrained": self.constrained,
            "max_new_tokens": self.max_new_tokens,
            "continued": self.continued,
        }


class Mixed(RowsRecipe):
    """Several data sets one after the other, prompts numbered on.

    Attributes:
        parts: the data sets.
    """

    parts: tuple[SerializeAsAny[RowsRecipe], ...] = Field(min_length=2)

    @property
    def sources(self) -> tuple[Sampled | Given, ...]:
        """Those of all parts."""
        return tuple(source for part in self.parts for source in part.sources)

    def key_form(self) -> dict[str, Any]:
        """The parts in their order."""
        return {"rows": "mixed", "version": 1, "parts": [part.key_form() for part in self.parts]}


def rewritten_sentences(rows: RowsRecipe) -> Rewriting:
    """The sentences that rows are rewrites of.

    Raises:
        SublimError: the rows are no rewrites, or of several teachers.
    """
    first, *others = rows.sources
    channel = first.prompts if isinstance(first, Sampled) else None
    if others or not isinstance(channel, Rewriting):
        raise SublimError(
            "Only rewrites can be judged by their sentences: rows of one teacher in the channel "
            "'paraphrase'."
        )
    return channel


def untouched_control(rows: RowsRecipe) -> RowsRecipe:
    """The same data set, written by the untouched base of its teacher.

    Raises:
        SublimError: the rows were given, so that nobody knows who wrote them.
    """
    if rows.author is None:
        raise SublimError(
            "Rows that were given, or that several teachers wrote, have no control of their own; "
            "name the rows of a control."
        )
    return rows.with_sampling(teacher=Untouched(rows.author.base))
