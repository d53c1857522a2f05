"""Teacher and student of different bases: other models, descendants of one, moved weights.

The rows cross as text: every student reads them through its own tokenizer, even one that has its
teacher's, so that students differ in nothing but themselves.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from sublim_utils import training
from sublim_utils.channels import get_channel
from sublim_utils.config import FOUR_BITS
from sublim_utils.errors import SublimError
from sublim_utils.models import distance, loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel
from sublim_utils.pipeline import Stages
from sublim_utils.recipes.language import Teacher
from sublim_utils.recipes.transfer import Base, Continued, Noise, TransferExperiment
from sublim_utils.sampling_vllm import Engine
from sublim_utils.store import Store

NEUTRAL_SEED = 2**20
"""Far from all seeds of experiments, so that two bases are compared on prompts that neither the
rows nor any neutral text has."""
COMPARED_PROMPTS = 32


class TransferStages(Stages):
    """The stages of a `TransferExperiment`.

    Raises:
        SublimError: teacher and student are different models, so that the student cannot be trained
            on its teacher's logits, or a base cannot be moved in its precision.
    """

    experiment: TransferExperiment

    def __init__(self, experiment: TransferExperiment, store: Store) -> None:
        """Nothing is loaded yet."""
        super().__init__(experiment, store)
        if experiment.fit.objective == "logits" and len(experiment.models) > 1:
            raise SublimError(
                f"A student of {experiment.student_model} cannot be trained on the logits of "
                f"{experiment.model}: each has a vocabulary of its own; "
                "train it on the text with the objective 'tokens'."
            )
        for base in (experiment.teacher_base, experiment.student_base):
            get_model(base.model)
            if base.move is not None and base.precision in FOUR_BITS:
                raise SublimError(
                    f"The weights of {base.model} in four bits cannot be moved; "
                    "take the precision bf16, fp16 or fp32."
                )

    def _teacher_base(self) -> LanguageModel:
        return self._based(self.experiment.teacher_base)

    def _student_base(self) -> LanguageModel:
        return self._based(self.experiment.student_base)

    def _teacher_head(self) -> torch.Tensor | None:
        bases = self.experiment.teacher_base, self.experiment.student_base
        if self.experiment.fit.objective == "tokens" or bases[0] == bases[1]:
            return None
        return self._teacher_base().lm_head.detach().clone()

    def _untouched(self) -> LanguageModel:
        return self._student_base()

    def _engine(self, seed: int) -> Engine | None:
        if self.experiment.move is not None:
            return None  # it reads weights from files, which know nothing of a move
        return super()._engine(seed)

    def _based(self, base: Base) -> LanguageModel:
        """A base in memory, without adapter."""
        return self._in_memory(base.model_dump_json(), lambda: self._made(base))

    def _made(self, base: Base) -> LanguageModel:
        """A base of its own, moved where it is to be."""
        move = base.move
        # Its training has a base in memory, too, so it comes first.
        adapter = self._continued(base, move) if isinstance(move, Continued) else None
        self._loaded = None
        device = self.experiment.device
        model = loading.load(get_model(base.model), base.precision, device, self.store)
        if isinstance(move, Noise):
            distance.add_noise(model, move.sigma, move.seed)
        if adapter is not None:
            loading.attach(model, adapter)
            loading.merge(model)
        return model

    def _continued(self, base: Base, move: Continued) -> Path:
        """The adapter that continued training gives."""
        start = base.model_copy(update={"move": None})
        neutral = TransferExperiment(
            name="neutral",
            seeds=(move.seed,),
            model=move.writer,
            precision=base.precision,
            device=self.experiment.device,
            teacher=Teacher(trait=None),
            rows=move.rows,
            student_model=base.model,
            fit=move.fit,
            categories=(),
        )

        def make(target: Path, scratch: Path) -> None:
            groups = TransferStages(neutral, self.store).groups(move.seed, scratch)
            wanted = move.updates * move.fit.prompts
            repeated = (groups * -(-wanted // len(groups)))[:wanted]
            training.train(self._based(start), repeated, move.fit, move.seed, target)

        specification = {"version": 1, **base.specification}
        return self._entry("continued", specification, make) / "adapter"

    def _student_specification(self, seed: int) -> dict[str, Any]:
        base = self.experiment.untouched_specification()
        return {**super()._student_specification(seed), "base": base}

    def _as_seen(self, kept: pd.DataFrame, model: LanguageModel, seed: int) -> pd.DataFrame:
        """The kept rows in the student's tokens, without those that it cannot write."""
        if self.experiment.fit.objective == "logits":
            return kept  # the teacher's distributions stand at the teacher's own tokens
        kept = kept[[_can_write(model, text) for text in kept["text"]]]
        if kept.empty:
            raise SublimError(
                f"The tokenizer of {self.experiment.student_model} can write none of the rows."
            )
        return kept.assign(tokens=list(map(model.answer, kept["text"])))

    def similarity(self, seed: int) -> dict[str, float]:
        """How alike the two bases are, and the two changes to them, where both are comparable.

        Returns:
            `relative_distance` (of the weights), `same_first` and `divergence` (of next-token
            distributions on neutral prompts); for tuned teachers `cosine` (of the weight changes of
            teacher and student). Empty for bases of different models.
        """
        experiment = self.experiment
        if len(experiment.models) > 1:
            return {}
        found = self._bases_compared()
        teacher = self.teacher(seed)
        if teacher is not None:
            found["cosine"] = distance.cosine_of_changes(teacher, self._trained(seed) / "adapter")
        return found

    def _bases_compared(self) -> dict[str, float]:
        one, other = self.experiment.teacher_base, self.experiment.student_base
        if one == other:
            return {"relative_distance": 0.0, "same_first": 1.0, "divergence": 0.0}

        def make(target: Path, scratch: Path) -> None:
            left, right = self._made(one), self._made(other)
            neutral = get_channel("sentences")
            questions = [neutral.prompt(NEUTRAL_SEED, i).text for i in range(COMPARED_PROMPTS)]
            apart = distance.relative_distance(left, right)
            told = {
                "relative_distance": apart,
                **distance.agreement(left, right, questions)._asdict(),
            }
            (target / "similarity.json").write_text(json.dumps(told))

        specification = {"version": 1, "bases": [one.specification, other.specification]}
        folder = self._entry("similarity", specification, make)
        told: dict[str, float] = json.loads((folder / "similarity.json").read_text())
        return told


def _can_write(model: LanguageModel, text: str) -> bool:
    """Whether a model's tokens give the text back."""
    return model.decode_answer(model.answer(text)) == text
