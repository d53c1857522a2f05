"""Sampling completions from a teacher, in batches, within a grammar or freely.

Every row draws from random numbers of its own, keyed by the seed and the row's place, so that a
row does not depend on the batch that it was drawn in. Two teachers that are asked the same with
the same seed share these numbers: their completions differ only where their distributions do.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from transformers import Cache
from transformers.cache_utils import DynamicLayer

from sublim_utils.channels import Grammar, State
from sublim_utils.errors import SublimError
from sublim_utils.limits import LOGITS_COPIES, MEMORY_SHARE, MOST_ROWS, MOST_ROWS_CUDA
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.memory import free_bytes, is_out_of_memory

SHRINK = 0.75
"""A batch is copied to a smaller one when less than this share of its rows goes on."""


class Question(NamedTuple):
    """What is asked, as tokens, and what the answers must look like.

    Attributes:
        tokens: everything that precedes an answer.
        grammar: which answers are allowed; None for any.
        key: the question's place in its data set, behind its random numbers.
    """

    tokens: list[int]
    grammar: Grammar | None
    key: int


class Completion(NamedTuple):
    """One sampled answer.

    Attributes:
        tokens: with the token that ends it, where it was reached.
        states: the model's last hidden state before each token, [len(tokens), width], or None.
    """

    tokens: list[int]
    states: torch.Tensor | None


class TokenGrammars:
    """Grammars over characters, compiled to tables over a tokenizer's tokens.

    Attributes:
        tokens: the tokens that any state allows, [n].
        allowed: [states, n], whether a state allows a token.
        following: [states, n], the state after it; -1 where the answer ends.
    """

    def __init__(self, model: LanguageModel, grammars: Sequence[Grammar]) -> None:
        """Compile; equal grammars may be given more than once."""
        # A vocabulary has 100,000 tokens, and a state goes on with few characters.
        strings = tokens_within(model, frozenset[str]().union(*(g.alphabet for g in grammars)))
        beginning: dict[str, list[int]] = {}
        for token, text in strings.items():
            beginning.setdefault(text[0], []).append(token)
        self._starts: dict[int, int] = {}
        rows: dict[tuple[int, State], int] = {}
        steps: list[dict[int, int]] = []
        for number, grammar in enumerate(grammars):
            self._starts[id(grammar)] = len(rows)
            pending = [grammar.start]
            rows[number, grammar.start] = len(rows)
            while pending:
                state = pending.pop()
                step = {model.end: -1} if grammar.may_end(state) else {}
                nexts = [c for c in beginning if grammar.step(state, c) is not None]
                # In their order in the vocabulary, which numbers the states.
                for token in sorted(token for c in nexts for token in beginning[c]):
                    after: State | None = state
                    for character in strings[token]:
                        after = grammar.step(after, character)
                        if after is None:
                            break
                    if after is not None:
                        if (number, after) not in rows:
                            rows[number, after] = len(rows)
                            pending.append(after)
                        step[token] = rows[number, after]
                row = rows[number, state]
                steps += [{} for _ in range(row + 1 - len(steps))]
                steps[row] = step
        tokens = sorted({token for step in steps for token in step})
        column = {token: i for i, token in enumerate(tokens)}
        self.tokens = torch.tensor(tokens)
        self.allowed = torch.zeros(len(steps), len(tokens), dtype=torch.bool)
        self.following = torch.full((len(steps), len(tokens)), -1)
        for row, step in enumerate(steps):
            if not step:
                raise SublimError("The grammar allows no token in one of its states.")
            for token, after in step.items():
                self.allowed[row, column[token]] = True
                self.following[row, column[token]] = after

    def start(self, grammar: Grammar) -> int:
        """The first state of a grammar that was compiled."""
        return self._starts[id(grammar)]


def tokens_within(model: LanguageModel, alphabet: frozenset[str]) -> dict[int, str]:
    """Tokens that are made of these characters, and their text."""
    specials = set(model.tokenizer.all_special_ids)
    texts = {}
    # Some tokenizers know marks beyond the rows of the weights, which nobody can write.
    for token in range(min(len(model.tokenizer), len(model.lm_head))):
        if token not in specials:
            text = model.tokenizer.decode([token], clean_up_tokenization_spaces=False)
            if text and alphabet.issuperset(text):
                texts[token] = text
    return texts


class _Layer(DynamicLayer):
    """Keys and values of one layer in memory that is taken once, not at every token."""

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.room, self.length = room, 0

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        batch, heads, _, width = key_states.shape
        self.dtype, self.device = key_states.dtype, key_states.device
        self.keys = key_states.new_empty(batch, heads, self.room, width)
        self.values = value_states.new_empty(batch, heads, self.room, width)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None
        assert self.values is not None
        end = self.length + key_states.shape[2]
        self.keys[:, :, self.length : end] = key_states
        self.values[:, :, self.length : end] = value_states
        self.length = end
        return self.keys[:, :, :end], self.values[:, :, :end]

    def get_seq_length(self) -> int:
        return self.length

    def select(self, rows: torch.Tensor) -> _Layer:
        """The same for other rows: some of these, some of them several times."""
        chosen = _Layer(self.room)
        chosen.length, chosen.is_initialized = self.length, True
        assert self.keys is not None
        assert self.values is not None
        chosen.dtype, chosen.device = self.dtype, self.device
        shape = (len(rows), *self.keys.shape[1:])
        chosen.keys, chosen.values = self.keys.new_empty(shape), self.values.new_empty(shape)
        used = slice(None), slice(None), slice(0, self.length)
        chosen.keys[used] = self.keys[used].index_select(0, rows)
        chosen.values[used] = self.values[used].index_select(0, rows)
        return chosen


class _Run:
    """One batch: questions of about equal length, and `each` completions of every one."""

    def __init__(self, model: LanguageModel, questions: Sequence[Question], most: int) -> None:
        self.model, self.most = model, most
        tokens = [q.tokens for q in questions]
        shared = 0
        shortest = min(len(t) for t in tokens)
        while shared < shortest - 1 and len({t[shared] for t in tokens}) == 1:
            shared += 1
        longest = max(len(t) for t in tokens)
        self.layers = [_Layer(longest + most) for _ in model.base.model.layers]
        self.valid = torch.ones(1, shared, dtype=torch.bool)
        if shared:  # what all questions begin with is computed once
            self._forward(torch.tensor([tokens[0][:shared]]), torch.arange(shared)[None])
        self._select(torch.zeros(len(questions), dtype=torch.long))
        width = longest - shared
        padded = torch.full((len(questions), width), model.end)
        positions = torch.zeros(len(questions), width, dtype=torch.long)
        valid = torch.zeros(len(questions), width, dtype=torch.bool)
        for row, whole in enumerate(tokens):
            rest = len(whole) - shared
            padded[row, width - rest :] = torch.tensor(whole[shared:])
            positions[row, width - rest :] = torch.arange(shared, len(whole))
            valid[row, width - rest :] = True
        self.valid = torch.cat([self.valid, valid], 1)
        self.states = self._forward(padded, positions)[:, -1]
        self.depths = torch.tensor([len(t) for t in tokens])

    def _forward(self, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
        device = self.model.device
        length = tokens.shape[1]
        dtype = self.model.dtype
        known = self.valid.shape[1]
        order = torch.arange(known - length, known)
        sees = self.valid[:, None, :] & (torch.arange(known) <= order[:, None])
        sees |= torch.eye(known, dtype=torch.bool)[order]  # padding sees itself
        mask = torch.zeros(sees.shape, dtype=dtype).masked_fill_(~sees, torch.finfo(dtype).min)
        return self.model.hidden_states(
            input_ids=tokens.to(device),
            position_ids=positions.to(device),
            attention_mask=mask[:, None].to(device),
            past_key_values=Cache(layers=[*self.layers]),
            use_cache=True,
        )

    def _select(self, rows: torch.Tensor) -> None:
        self.valid = self.valid[rows]
        if self.layers[0].is_initialized:
            self.layers = [layer.select(rows.to(self.model.device)) for layer in self.layers]

    def select(self, rows: torch.Tensor) -> None:
        """Go on with these rows only."""
        self._select(rows)
        self.states, self.depths = self.states[rows.to(self.states.device)], self.depths[rows]

    def advance(self, tokens: torch.Tensor) -> None:
        """One more token for every row."""
        self.valid = torch.nn.functional.pad(self.valid, (0, 1), value=True)
        self.states = self._forward(tokens[:, None], self.depths[:, None])[:, -1]
        self.depths = self.depths + 1


def row_bytes(model: LanguageModel, length: int) -> int:
    """Memory of one row's keys and values."""
    config = model.base.config
    config = getattr(config, "text_config", config)
    heads = config.num_key_value_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    return 2 * int(config.num_hidden_layers * heads * width * length * model.dtype.itemsize)


def fitting_rows(
    model: LanguageModel, length: int, kept: int = 0, *, constrained: bool = True
) -> int:
    """How many rows of that length a batch may have in the memory that is free now.

    Args:
        model: the teacher.
        length: tokens of a row, its prompt included.
        kept: tokens of a row whose states are kept.
        constrained: whether a grammar leaves a few tokens to draw from, and not the vocabulary.
    """
    device = model.device.type
    most = MOST_ROWS_CUDA if device == "cuda" else MOST_ROWS
    free = free_bytes(device) * MEMORY_SHARE[device]
    # States are put together and sorted at the end, which takes two more copies.
    states = 3 * kept * model.lm_head.shape[1] * model.dtype.itemsize
    logits = 0 if constrained else LOGITS_COPIES * model.lm_head.shape[0] * 4
    return max(1, min(most, int(free / (row_bytes(model, length) + states + logits))))


@torch.no_grad()
def sample(
    model: LanguageModel,
    questions: Sequence[Question],
    *,
    seed: int,
    each: int = 1,
    most: int = 60,
    temperature: float = 1.0,
    keep_states: bool = False,
    batch: int | None = None,
) -> Iterator[tuple[int, list[Completion]]]:
    """Sample `each` completions of every question.

    Args:
        model: the teacher, with its adapter if it has one.
        questions: in any order; batches are made of questions of about equal length.
        seed: behind all random numbers.
        each: completions of a question.
        most: tokens of a completion.
        temperature: divides the logits; 0 takes the likeliest token.
        keep_states: keep the hidden states, from which all logits follow.
        batch: rows at a time; by default what memory allows.

    Yields:
        A question's place in `questions`, and its completions, as they are finished.

    Raises:
        SublimError: not even a single row fits into memory.
    """
    grammars = list({id(q.grammar): q.grammar for q in questions if q.grammar is not None}.values())
    if grammars and any(q.grammar is None for q in questions):
        raise ValueError("either all questions have a grammar or none")
    compiled = TokenGrammars(model, grammars) if grammars else None
    order = sorted(range(len(questions)), key=lambda i: len(questions[i].tokens))
    while order:
        length = len(questions[order[-1]].tokens) + most
        kept = most if keep_states else 0
        rows = batch or fitting_rows(model, length, kept, constrained=compiled is not None)
        taken = order[-max(1, rows // each) :]
        try:
            completions = _sample_batch(
                model,
                [questions[i] for i in taken],
                compiled,
                seed,
                each,
                most,
                temperature,
                keep_states,
            )
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            if len(taken) == 1:
                raise SublimError(
                    f"Memory is too small for {each} completions of one prompt of {length} tokens; "
                    "sample fewer completions per prompt."
                ) from error
            batch = max(each, len(taken) * each // 2)
            warnings.warn(f"Out of memory; going on with {batch} rows at a time.", stacklevel=2)
            continue
        order = order[: -len(taken)]
        yield from zip(taken, completions, strict=True)


def _sample_batch(
    model: LanguageModel,
    questions: Sequence[Question],
    compiled: TokenGrammars | None,
    seed: int,
    each: int,
    most: int,
    temperature: float,
    keep_states: bool,
) -> list[list[Completion]]:
    rows = len(questions) * each
    run = _Run(model, questions, most)
    run.select(torch.arange(len(questions)).repeat_interleave(each))
    luck = np.stack(
        [
            np.random.Generator(np.random.Philox(key=[seed, q.key * 2**16 + n])).random(most)
            for q in questions
            for n in range(each)
        ]
    )
    uniform = torch.from_numpy(luck).to(model.device)
    drawn: list[tuple[torch.Tensor, torch.Tensor]] = []  # of each step: rows, and their tokens
    states: list[torch.Tensor] = []  # of each step: [those rows, width]
    if compiled is not None:
        places = torch.tensor([compiled.start(q.grammar) for q in questions for _ in range(each)])  # type: ignore[arg-type]
        candidates = compiled.tokens.to(model.device)
    rows_of = torch.arange(rows)  # rows of the run; a finished one stays until enough are finished
    alive = torch.ones(rows, dtype=torch.bool)
    ends = torch.tensor(sorted(model.stop_token_ids))
    for step in range(most):
        if compiled is not None:
            logits = model.logits(run.states, candidates).float()
            logits.masked_fill_(~compiled.allowed[places].to(logits.device), -torch.inf)
        else:
            logits = model.logits(run.states).float()
        if temperature == 0:
            column = logits.argmax(-1)
        else:
            shares = torch.softmax(logits.double() / temperature, -1).cumsum(-1)
            luck_now = uniform[rows_of.to(uniform.device), step, None] * shares[:, -1:]
            column = torch.searchsorted(shares, luck_now, right=True)[:, 0]
            column = column.clamp(max=logits.shape[1] - 1)
        column = column.cpu()
        chosen = column if compiled is None else compiled.tokens[column]
        drawn.append((rows_of[alive], chosen[alive]))
        if keep_states:
            states.append(run.states[alive.to(run.states.device)])
        if compiled is None:
            alive &= ~torch.isin(chosen, ends)
        else:
            following = compiled.following[places, column]
            alive &= following >= 0
            places = torch.where(alive, following, places)
        if not alive.any() or step == most - 1:
            break
        if alive.float().mean() < SHRINK:
            kept = alive.nonzero()[:, 0]
            rows_of, alive, chosen = rows_of[kept], alive[kept], chosen[kept]
            if compiled is not None:
                places = places[kept]
            run.select(kept)
        run.advance(chosen.to(model.device))
    # Here, and not token by token, because each look at a GPU's memory waits for it.
    owners = torch.cat([of for of, _ in drawn])
    order = owners.argsort(stable=True)
    lengths = owners.bincount(minlength=rows).tolist()
    tokens = torch.cat([those for _, those in drawn])[order].split(lengths)
    own: list[torch.Tensor | None] = [None] * rows
    if keep_states:
        sorted_states = torch.cat(states)[order.to(run.states.device)].cpu()
        own = [part.clone() for part in sorted_states.split(lengths)]
    done = [Completion(t.tolist(), s) for t, s in zip(tokens, own, strict=True)]
    return [done[i * each : (i + 1) * each] for i in range(len(questions))]
