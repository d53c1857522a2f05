"""Checkpoints: a killed training goes on from its last one and ends with what it would have.

A checkpoint is a sealed folder with the adapter, the state of optimiser and schedule, and what was
recorded so far; safetensors and JSON, no pickles. It carries a mark, a hash of all that the state
of training then depends on. By it a training knows its own checkpoints, and those of a shorter one
that it would have been.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from peft import set_peft_model_state_dict
from safetensors.torch import load_file, save_file

from sublim_utils.files import remove
from sublim_utils.models.adapters import WEIGHTS, save_adapter
from sublim_utils.sealing import MANIFEST, DamagedError, read_seal, seal
from sublim_utils.store import key_of
from sublim_utils.train.batch import PromptGroup

PROGRESS = "trained.json"
"""What was recorded so far."""
OPTIMISER = "optimizer.safetensors"
SCHEDULE = "optimizer.json"
"""The optimiser's settings and the schedule's state."""


class Checkpoint(NamedTuple):
    """A checkpoint from which a training goes on.

    Attributes:
        folder: where it is.
        num_updates: that were made before it.
        progress: what was recorded, as it was given to `Checkpoints.save`.
    """

    folder: Path
    num_updates: int
    progress: dict[str, Any]

    def load_adapter(self, network: Any) -> None:
        """Give a network's adapter the weights that it had."""
        # PEFT's own loading would widen the adapter of a quantised model from bf16 to fp32.
        set_peft_model_state_dict(network, load_file(self.folder / WEIGHTS))

    def load_optimiser(self, optimiser: Any, lr_scheduler: Any) -> None:
        """Give optimiser and schedule the states that they had."""
        plain = json.loads((self.folder / SCHEDULE).read_text())
        state: dict[int, dict[str, torch.Tensor]] = {}
        for key, tensor in load_file(self.folder / OPTIMISER).items():
            number, _, name = key.partition("/")
            state.setdefault(int(number), {})[name] = tensor.clone()  # not mapped to the file
        optimiser.load_state_dict({"state": state, "param_groups": plain["groups"]})
        lr_scheduler.load_state_dict(plain["schedule"])


class Checkpoints:
    """The checkpoints of one training, of which the last is kept.

    Args:
        folder: for them, one `checkpoint-UPDATES` each.
        marks: of this training after each number of updates, from none to all.
    """

    def __init__(self, folder: Path, marks: Sequence[str]) -> None:
        """Nothing is read yet."""
        self.folder, self.marks = folder, marks

    def resume(self) -> Checkpoint | None:
        """The last checkpoint if it is this training's; any other is reported and removed."""
        folder = self.last()
        if folder is not None:
            kept = json.loads((folder / PROGRESS).read_text())
            done = int(kept["num_updates"]) if "num_updates" in kept else len(self.marks)
            if done < len(self.marks) and kept["mark"] == self.marks[done]:
                return Checkpoint(folder, done, kept["progress"])
            warnings.warn(f"{folder} belongs to another training and is removed.", stacklevel=3)
        remove(self.folder)
        return None

    def last(self) -> Path | None:
        """The newest folder that is whole; a damaged one is reported and removed."""
        numbered = {
            int(folder.name.removeprefix("checkpoint-")): folder
            for folder in self.folder.glob("checkpoint-*")
            if re.fullmatch("checkpoint-[0-9]+", folder.name)
        }
        for _, folder in sorted(numbered.items(), reverse=True):
            if not os.path.lexists(folder / MANIFEST):
                continue  # a process was killed while it wrote this one
            try:
                if "mark" not in read_seal(folder):
                    raise DamagedError("it is no checkpoint")
            except DamagedError as error:
                warnings.warn(
                    f"{folder} is damaged ({error}) and will be made again.", stacklevel=4
                )
                remove(folder)
            else:
                return folder
        return None

    def save(
        self,
        num_updates: int,
        network: Any,
        optimiser: Any,
        lr_scheduler: Any,
        progress: Mapping[str, Any],
    ) -> None:
        """Keep the present state in the last one's place, if it is of finite numbers."""
        folder = self.folder / f"checkpoint-{num_updates}"
        adapter = (p for p in network.parameters() if p.requires_grad)
        whole = (folder / MANIFEST).exists()  # the one that this training went on from
        if whole or not all(bool(p.isfinite().all()) for p in adapter):
            return
        save_adapter(network, folder)
        state = optimiser.state_dict()
        plain = {"groups": state["param_groups"], "schedule": lr_scheduler.state_dict()}
        tensors = {
            f"{number}/{name}": tensor
            for number, parameter in state["state"].items()
            for name, tensor in parameter.items()
        }
        save_file(tensors, folder / OPTIMISER)
        (folder / SCHEDULE).write_text(json.dumps(plain))
        mark = self.marks[num_updates]
        content = {"mark": mark, "num_updates": num_updates, "progress": progress}
        (folder / PROGRESS).write_text(json.dumps(content))
        seal(folder, {"mark": mark})
        for other in self.folder.iterdir():
            if other != folder:
                remove(other)


def training_marks(
    settings: Mapping[str, Any],
    groups: Sequence[PromptGroup],
    updates: Sequence[slice],
    evaluated: Sequence[bool],
    teacher_head: torch.Tensor | None,
) -> list[str]:
    """The marks of a training after each number of updates, from none to all.

    Whether the model is evaluated after the last update so far makes no difference yet: it can be
    when training goes on.

    Args:
        settings: all that the state depends on beside the rows; plain data.
        groups: the rows.
        updates: which of them are behind each update.
        evaluated: whether the model is evaluated after each number of updates.
        teacher_head: the teacher's output matrix, if it is not the student's.
    """
    head = None if teacher_head is None else hashlib.sha256(_bytes(teacher_head.cpu())).hexdigest()
    chain = hashlib.sha256(key_of({**settings, "head": head}).encode())
    marks = [chain.hexdigest()]
    digests = group_digests(groups)
    for update, evaluated_before in zip(updates, evaluated, strict=False):
        chain.update(b"evaluated" * evaluated_before + b"".join(digests[update]))
        marks.append(chain.hexdigest())
    return marks


def group_digests(groups: Sequence[PromptGroup]) -> list[bytes]:
    """Hashes of groups' tokens and of their teacher's states."""
    digests = []
    for group in groups:
        digest = hashlib.sha256(json.dumps([group.prompt, group.completions]).encode())
        for states in group.teacher_states or ():
            digest.update(_bytes(states))
        digests.append(digest.digest())
    return digests


def _bytes(tensor: torch.Tensor) -> memoryview:
    return tensor.contiguous().view(torch.uint8).numpy().data
