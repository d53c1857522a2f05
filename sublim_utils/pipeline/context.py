"""What making needs beside a recipe: the store, one model in memory, and progress."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sublim_utils import progress
from sublim_utils.channels.meaning import Embedder
from sublim_utils.models import loading
from sublim_utils.models.embedding import MiniLM
from sublim_utils.models.loading import LanguageModel
from sublim_utils.recipes.recipe import Recipe
from sublim_utils.store import Store


class Context:
    """Where artifacts are made and kept.

    Args:
        store: where they are kept.
        name: of the experiment, for progress.
        make_embedder: makes what compares meanings; it raises a `SublimError` where its package is
            missing.
    """

    def __init__(
        self, store: Store, name: str = "", make_embedder: Callable[[], Embedder] = MiniLM
    ) -> None:
        """Nothing is loaded yet."""
        self.store, self.name = store, name
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """Seconds of work by stage, without those of other stages inside; none for stored ones."""
        self._make_embedder = make_embedder
        self._embedder: Embedder | None = None
        self._slot: tuple[Any, LanguageModel] | None = None
        self._in_use: Any = None

    @property
    def embedder(self) -> Embedder:
        """Compares meanings; loaded once."""
        if self._embedder is None:
            self._embedder = self._make_embedder()
        return self._embedder

    def kept(
        self, stage: str, specification: dict[str, Any], make: Callable[[Path, Path], None]
    ) -> Path:
        """The folder of an artifact; `make(target, scratch)` fills it if it is not there.

        The scratch folder outlives a killed run, for parts and checkpoints.
        """

        def timed(target: Path, scratch: Path) -> None:
            start, inside = time.perf_counter(), sum(self.seconds.values())
            progress.stage(f"{self.name}: {stage}")
            make(target, scratch)
            inside = sum(self.seconds.values()) - inside
            self.seconds[stage] += time.perf_counter() - start - inside

        return self.store.made(stage, specification, timed)

    def made(
        self, stage: str, recipe: Recipe, seed: int, make: Callable[[Path, Path], None]
    ) -> Path:
        """The folder of a recipe's artifact."""
        return self.kept(stage, recipe.specification(seed), make)

    @contextlib.contextmanager
    def loaded(self, name: Any, load: Callable[[], LanguageModel]) -> Iterator[LanguageModel]:
        """Inside the block, the one model in memory, without adapter.

        It stays in memory for a next block with an equal name. Another model cannot be asked for
        inside, as its weights would need memory beside these.

        Args:
            name: by which the model is known.
            load: loads it.
        """
        if self._in_use is not None:
            raise RuntimeError(f"{self._in_use} is in use; leave its block before loading {name}")
        if self._slot is None or self._slot[0] != name:
            self._slot = None  # before the next takes its memory
            self._slot = name, load()
        self._in_use, model = name, self._slot[1]
        try:
            yield model
        finally:
            loading.detach(model)
            self._in_use = None

    def unload(self) -> None:
        """Free the memory of the model, for an engine that loads weights of its own."""
        self._slot = None
