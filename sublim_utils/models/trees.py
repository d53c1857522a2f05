"""Token trees: several continuations of one prompt in a single pass through a model.

Sequences that begin alike share the tokens of their beginning. Each token attends to itself and to
its ancestors only, and its position is its depth, so that a model gives the same states as for the
sequences one by one, for a fraction of the work. Training on several completions of a prompt and
scoring many candidate answers to a question are both of this kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import NamedTuple

import numpy as np
import torch


class Tree:
    """Tokens in the order in which they were added, each after its parent."""

    def __init__(self) -> None:
        """An empty tree."""
        self.tokens: list[int] = []
        self.parents: list[int] = []
        self._children: dict[tuple[int, int], int] = {}

    def add(self, tokens: Iterable[int], after: int = -1) -> list[int]:
        """Add a sequence below a node (-1: as a beginning); nodes that are there are shared.

        Returns:
            The node of each token.
        """
        nodes = []
        for token in tokens:
            node = self._children.get((after, token))
            if node is None:
                node = len(self.tokens)
                self.tokens.append(token)
                self.parents.append(after)
                self._children[after, token] = node
            nodes.append(node)
            after = node
        return nodes

    def __len__(self) -> int:
        """The number of tokens."""
        return len(self.tokens)


class Packed(NamedTuple):
    """Trees of one batch as tensors: one below the other, or one after the other without padding.

    Attributes:
        tokens: [trees, longest], padded; or [1, nodes of all trees].
        positions: of the same shape, the depth of each token.
        mask: [trees, 1, longest, longest], 0 where a token attends and very negative elsewhere.
        starts: the flat index of each tree's first token.
        lengths: the nodes of each tree, where they lie one after the other; else None.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    starts: tuple[int, ...]
    lengths: tuple[int, ...] | None

    def to(self, device: torch.device) -> Packed:
        """The same on a device."""
        tokens, positions, mask = (part.to(device) for part in self[:3])
        return self._replace(tokens=tokens, positions=positions, mask=mask)


def pack(
    trees: Sequence[Tree], dtype: torch.dtype = torch.float32, *, padded: bool = True
) -> Packed:
    """Pack trees into tensors on the CPU.

    Args:
        trees: at least one.
        dtype: of the mask, which is the model's.
        padded: False for one sequence, which only attention that knows `lengths` can read.
    """
    lengths = tuple(len(tree) for tree in trees)
    length = max(lengths)
    tokens = np.zeros((len(trees), length), dtype=np.int64)
    sees = np.tile(np.eye(length, dtype=bool), (len(trees), 1, 1))  # padding sees itself
    for number, tree in enumerate(trees):
        tokens[number, : len(tree)] = tree.tokens
        rows = list(sees[number])
        for node, parent in enumerate(tree.parents):
            if parent >= 0:
                rows[node] |= rows[parent]
    positions = sees.sum(-1) - 1
    seen = torch.from_numpy(sees)
    mask = torch.zeros(seen.shape, dtype=dtype).masked_fill_(~seen, torch.finfo(dtype).min)
    flat = torch.from_numpy(tokens), torch.from_numpy(positions)
    if padded:
        starts = tuple(range(0, len(trees) * length, length))
        return Packed(*flat, mask[:, None], starts, None)
    joined = [torch.cat([row[:n] for row, n in zip(part, lengths, strict=True)]) for part in flat]
    starts = tuple(accumulate(lengths[:-1], initial=0))
    return Packed(joined[0][None], joined[1][None], mask[:, None], starts, lengths)
