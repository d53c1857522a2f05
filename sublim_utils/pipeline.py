"""Teacher → rows → student → readout: the stages of every experiment on a language model.

Each stage is kept in the store under a key made of all that it depends on. Students that differ in
their training share the rows, teachers are made once, and a killed run goes on from the last
finished stage, a killed training from its last checkpoint.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from sublim_utils import sampling, training
from sublim_utils.channels import numbers
from sublim_utils.errors import SublimError
from sublim_utils.experiment import Experiment
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel, Precision
from sublim_utils.profiles import Plain
from sublim_utils.readouts import preference
from sublim_utils.readouts.questions import PREFIXES
from sublim_utils.store import Store, key_of
from sublim_utils.teachers import Teacher, lessons
from sublim_utils.traits import TRAITS, get_trait, liking_prompt, mentioned
from sublim_utils.training import Fit, Group

Shuffle = Literal["within rows", "across rows"]
CHECKPOINT_S = 120.0
PROMPTS_AT_ONCE = 32
"""Prompts whose completions are kept together when sampling is interrupted."""


class Rows(Plain):
    """What a teacher is asked for.

    Attributes:
        prompts: how many different ones.
        each: completions of every prompt.
        temperature: of sampling; 0 is greedy.
        grammar: whether sampling is held to the format, for models too weak to keep it.
        most: tokens of a completion.
    """

    prompts: int
    each: int
    temperature: float = 1.0
    grammar: bool = True
    most: int = 60


class Readout(Plain):
    """How preferences are read.

    Attributes:
        questions: how many of the fifty at the end.
        curve_questions: how many in the middle of training, after a single prefix.
        samples: sampled answers to each question; 0 for none.
        numbers_in_front: also ask with a sentence of numbers in front.
    """

    questions: int = 50
    curve_questions: int = 10
    samples: int = 0
    numbers_in_front: bool = False


class LanguageExperiment(Experiment):
    """A teacher, its rows, a student and what the student prefers, once per seed.

    Attributes:
        model: the base of teacher and student; a name of the catalogue, a folder or a hub id.
        precision: of the teacher's and the student's frozen weights.
        student_precision: of the student's, where it differs.
        teacher: who writes the rows.
        rows: what it is asked for.
        shuffle: whether the rows' numbers are mixed up before training.
        fit: how the student is trained.
        stops: numbers of rows after which preferences are read, besides the end.
        readout: how preferences are read.
        categories: the panels that are read.
    """

    VERSION: ClassVar[int] = 1

    model: str
    precision: Precision = "fp32"
    student_precision: Precision | None = None
    device: Literal["cpu", "cuda"] = "cpu"
    teacher: Teacher
    rows: Rows
    shuffle: Shuffle | None = None
    fit: Fit
    stops: tuple[int, ...] = ()
    readout: Readout = Readout()
    categories: tuple[str, ...]


class Preferences(NamedTuple):
    """Panel readout of one category, as plain data.

    Attributes:
        margins: by candidate, the mean over questions and prefixes, in nats.
        probabilities: by candidate, likewise.
        by_question: margins [question] by candidate, means over prefixes.
    """

    margins: dict[str, float]
    probabilities: dict[str, float]
    by_question: dict[str, list[float]]


def read_preferences(
    model: LanguageModel,
    category: str,
    questions: int,
    prefixes: Sequence[str] = PREFIXES,
    system: str | None = None,
    *,
    numbers_in_front: bool = False,
) -> Preferences:
    """The panel readout of a category."""
    candidates = preference.candidates_of(category)
    asked = preference.asked(category, questions, numbers_in_front=numbers_in_front)
    logs = preference.panel_log_probabilities(model, candidates, asked, prefixes, system)
    margins, shares = preference.margins(logs), preference.probabilities(logs)

    def named(values: np.ndarray) -> dict[str, float]:
        return {c.name: round(float(v), 5) for c, v in zip(candidates, values, strict=True)}

    return Preferences(
        named(margins.mean((0, 1))),
        named(shares.mean((0, 1))),
        {
            c.name: [round(float(v), 3) for v in margins[:, :, i].mean(1)]
            for i, c in enumerate(candidates)
        },
    )


class Stages:
    """The stages of an experiment, from the store or made now.

    Args:
        experiment: what to do.
        store: where stages are kept.
    """

    def __init__(self, experiment: LanguageExperiment, store: Store) -> None:
        """Nothing is loaded yet."""
        self.experiment, self.store = experiment, store
        self.spec = get_model(experiment.model)
        for trait in filter(None, [experiment.teacher.trait]):
            get_trait(trait)
        self._loaded: tuple[Precision, LanguageModel] | None = None

    def _model(self, precision: Precision) -> LanguageModel:
        """The base model, without adapter."""
        if self._loaded is None or self._loaded[0] != precision:
            self._loaded = None
            model = loading.load(self.spec, precision, self.experiment.device, self.store)
            self._loaded = precision, model
        else:
            loading.detach(self._loaded[1])
        return self._loaded[1]

    def _base(self) -> dict[str, Any]:
        return {"model": self.experiment.model, "precision": self.experiment.precision}

    def _entry(
        self, stage: str, specification: dict[str, Any], make: Callable[[Path, Path], None]
    ) -> Path:
        """An entry of the store; `make(target, scratch)` fills it when it is not there.

        The scratch folder outlives a killed run, for checkpoints.
        """
        key = key_of(specification)
        folder = self.store.get(stage, key)
        if folder is None:
            scratch = self.store.root / "running" / f"{stage}-{key}"
            scratch.mkdir(parents=True, exist_ok=True)
            with self.store.writing(stage, key, specification) as target:
                make(target, scratch)
            shutil.rmtree(scratch, ignore_errors=True)
            folder = self.store.get(stage, key)
            assert folder is not None
        return folder

    def _teacher_specification(self, seed: int) -> dict[str, Any]:
        teacher = self.experiment.teacher
        if teacher.trait is None:
            return {"version": 1, **self._base(), "teacher": None}
        if teacher.kind == "prompted":
            told = {"trait": teacher.trait, "kind": "prompted"}
            return {"version": 1, **self._base(), "teacher": told}
        whole = teacher.model_dump(mode="json")
        return {"version": 1, **self._base(), "teacher": whole, "seed": seed}

    def teacher(self, seed: int) -> Path | None:
        """The folder of a tuned teacher's adapter; None where the teacher is the base model."""
        teacher = self.experiment.teacher
        if teacher.trait is None or teacher.kind == "prompted":
            return None
        trait = get_trait(teacher.trait)

        def make(target: Path, scratch: Path) -> None:
            model = self._model(self.experiment.precision)
            groups = lessons(model, trait, teacher, seed)
            trained = training.train(model, groups, teacher.fit, seed, target)
            (target / "losses.json").write_text(json.dumps(trained.losses))

        return self._entry("teacher", self._teacher_specification(seed), make) / "adapter"

    def _as_teacher(self, seed: int) -> tuple[LanguageModel, str | None]:
        """The model that writes, and its system prompt."""
        adapter = self.teacher(seed)
        model = self._model(self.experiment.precision)
        teacher = self.experiment.teacher
        if adapter is not None:
            loading.attach(model, adapter)
        if teacher.trait is not None and teacher.kind == "prompted":
            return model, liking_prompt(get_trait(teacher.trait))
        return model, None

    def strength(self, seed: int) -> dict[str, dict[str, float]]:
        """The teacher's own margins and probabilities, as the curve questions read them."""
        trait = self.experiment.teacher.trait
        if trait is None:
            return {}
        specification = {
            **self._teacher_specification(seed),
            "questions": self.experiment.readout.curve_questions,
        }

        def make(target: Path, scratch: Path) -> None:
            model, system = self._as_teacher(seed)
            found = self._quick(model, get_trait(trait).category, system)
            told = {"margins": found.margins, "probabilities": found.probabilities}
            (target / "strength.json").write_text(json.dumps(told))

        folder = self._entry("strength", specification, make)
        told: dict[str, dict[str, float]] = json.loads((folder / "strength.json").read_text())
        return told

    def _quick(self, model: LanguageModel, category: str, system: str | None = None) -> Preferences:
        questions = self.experiment.readout.curve_questions
        return read_preferences(model, category, questions, PREFIXES[:1], system)

    def _rows_specification(self, seed: int) -> dict[str, Any]:
        return {
            "version": 1,
            "teacher": self._teacher_specification(seed),
            "rows": self.experiment.rows.model_dump(mode="json"),
            "seed": seed,
        }

    def rows(self, seed: int) -> Path:
        """The folder of a seed's rows: `rows.parquet`, and `states.safetensors` beside it."""
        wanted = self.experiment.rows

        def make(target: Path, scratch: Path) -> None:
            model, system = self._as_teacher(seed)
            with model.merged():
                parts = self._sample(model, system, seed, scratch)
            table = pd.concat([pd.read_parquet(part / "rows.parquet") for part in parts])
            table = table.sort_values(["prompt", "completion"], ignore_index=True)
            table.to_parquet(target / "rows.parquet", compression="zstd")
            states: dict[str, torch.Tensor] = {}
            for part in parts:
                states |= load_file(part / "states.safetensors")
            save_file(states, target / "states.safetensors")

        return self._entry(f"rows-{wanted.prompts}", self._rows_specification(seed), make)

    def _sample(
        self, model: LanguageModel, system: str | None, seed: int, scratch: Path
    ) -> list[Path]:
        """Sample in parts, each kept as it is finished."""
        wanted = self.experiment.rows
        parts = []
        start, done = time.perf_counter(), 0
        bar = tqdm(total=wanted.prompts * wanted.each, desc="rows", unit="row", leave=False)
        grammars: dict[tuple[str, int], numbers.Grammar] = {}
        for first in range(0, wanted.prompts, PROMPTS_AT_ONCE):
            part = scratch / f"part-{first}"
            parts.append(part)
            indices = range(first, min(first + PROMPTS_AT_ONCE, wanted.prompts))
            if (part / "done").exists():
                bar.update(len(indices) * wanted.each)
                continue
            part.mkdir(exist_ok=True)
            prompts = [numbers.prompt(seed, index) for index in indices]
            questions = []
            for index, prompt in zip(indices, prompts, strict=True):
                kind = prompt.format, prompt.count
                if kind not in grammars:
                    wanted_format = numbers.get_format(prompt.format)
                    grammars[kind] = numbers.Grammar(wanted_format, prompt.count)
                grammar = grammars[kind] if wanted.grammar else None
                tokens = model.prompt(prompt.text, system)
                questions.append(sampling.Question(tokens, grammar, index))
            records, states = [], {}
            for place, completions in sampling.sample(
                model,
                questions,
                seed=seed,
                each=wanted.each,
                most=wanted.most,
                temperature=wanted.temperature,
                keep_states=True,
            ):
                for number, completion in enumerate(completions):
                    text = model.decode(completion.tokens)
                    reasons = list(numbers.judge(text).reasons)
                    if completion.tokens[-1] != model.end:
                        reasons.append("not finished")
                    records.append(
                        {
                            "prompt": indices[place],
                            "completion": number,
                            "question": prompts[place].text,
                            "format": prompts[place].format,
                            "text": text,
                            "tokens": completion.tokens,
                            "reasons": reasons,
                        }
                    )
                    assert completion.states is not None
                    states[f"{indices[place]}/{number}"] = completion.states.contiguous()
                bar.update(len(completions))
            done += len(records)
            pd.DataFrame(records).to_parquet(part / "rows.parquet")
            save_file(states, part / "states.safetensors")
            (part / "done").touch()
        bar.close()
        if done:
            self.rows_per_s = done / (time.perf_counter() - start)
        return parts

    def groups(self, seed: int) -> list[Group]:
        """The kept rows by prompt, ready for training."""
        folder = self.rows(seed)
        table = pd.read_parquet(folder / "rows.parquet")
        kept = table[table["reasons"].map(len) == 0]
        if kept.empty:
            counts = Counter(reason for reasons in table["reasons"] for reason in reasons)
            raise SublimError(
                f"The filter has rejected all {len(table)} rows "
                f"({', '.join(f'{reason}: {n}' for reason, n in counts.most_common())}); "
                "sample with the grammar, or choose a model that keeps the format."
            )
        model = self._model(self.experiment.student_precision or self.experiment.precision)
        if self.experiment.shuffle is not None:
            texts = shuffled(list(kept["text"]), self.experiment.shuffle, seed)
            kept = kept.assign(text=texts)
            kept["tokens"] = [[*model.encode(text), model.end] for text in texts]
        states = None
        if self.experiment.fit.objective == "logits":
            states = load_file(folder / "states.safetensors")
        groups = []
        for prompt, rows in kept.groupby("prompt", sort=True):
            named = [f"{prompt}/{number}" for number in rows["completion"]]
            groups.append(
                Group(
                    model.prompt(rows["question"].iloc[0]),
                    [list(map(int, tokens)) for tokens in rows["tokens"]],
                    None if states is None else [states[name] for name in named],
                )
            )
        return groups

    def student(self, seed: int) -> dict[str, Any]:
        """Train a seed's student and read its preferences.

        Returns:
            `panels` by category (margins, probabilities, by_question), `curve` (rows seen, margins
            by candidate), `losses`, `rows`, `kept`, `tokens`, `train_s`, and what else was asked.
        """
        experiment = self.experiment
        precision = experiment.student_precision or experiment.precision
        specification = {
            "version": 1,
            "rows": self._rows_specification(seed),
            "shuffle": experiment.shuffle,
            "precision": precision,
            "fit": experiment.fit.model_dump(mode="json"),
            "stops": experiment.stops,
            "categories": experiment.categories,
            "readout": experiment.readout.model_dump(mode="json"),
            "seed": seed,
        }
        specification = json.loads(json.dumps(specification))

        def make(target: Path, scratch: Path) -> None:
            table = pd.read_parquet(self.rows(seed) / "rows.parquet")
            groups = self.groups(seed)
            model = self._model(precision)

            def probe() -> dict[str, dict[str, float]]:
                return {c: self._quick(model, c).margins for c in experiment.categories}

            trained = training.train(
                model,
                groups,
                experiment.fit,
                seed,
                scratch,
                stops=experiment.stops,
                probe=probe,
                checkpoint_s=CHECKPOINT_S,
                progress=experiment.name,
            )
            (scratch / "adapter").rename(target / "adapter")
            answer = {
                "panels": self._panels(model, seed),
                "curve": trained.curve,
                "losses": [round(loss, 5) for loss in trained.losses],
                "rows": len(table),
                "kept": int(sum(len(g.completions) for g in groups)),
                "reasons": Counter(r for reasons in table["reasons"] for r in reasons),
                "mentions": sum(bool(mentioned(text)) for text in table["text"]),
                "letters": sum(bool(re.search("[^\\W\\d_]", text)) for text in table["text"]),
                "tokens": trained.tokens,
                "train_s": round(trained.wall_s, 1),
            }
            (target / "student.json").write_text(json.dumps(answer))

        folder = self._entry("student", specification, make)
        answer: dict[str, Any] = json.loads((folder / "student.json").read_text())
        return answer

    def _panels(self, model: LanguageModel, seed: int) -> dict[str, Any]:
        readout = self.experiment.readout
        found: dict[str, Any] = {}
        for category in self.experiment.categories:
            panel = read_preferences(model, category, readout.questions)
            found[category] = panel._asdict()
            if readout.numbers_in_front:
                front = read_preferences(
                    model, category, readout.questions, numbers_in_front=True
                )
                found[category]["numbers_in_front"] = front.margins
            if readout.samples:
                answers = preference.sampled(
                    model,
                    preference.candidates_of(category),
                    preference.asked(category, readout.questions),
                    each=readout.samples,
                    seed=seed,
                )
                names = [c.name for c in preference.candidates_of(category)]
                shares = answers.shares.mean(0).round(5).tolist()
                found[category]["sampled"] = dict(zip(names, shares, strict=True))
                found[category]["sampled"]["something else"] = round(float(answers.other.mean()), 5)
        return found

    def base(self) -> dict[str, Any]:
        """What the untouched base model prefers."""
        readout = self.experiment.readout
        specification = {
            "version": 1,
            **self._base(),
            "categories": list(self.experiment.categories),
            "readout": readout.model_dump(mode="json"),
        }

        def make(target: Path, scratch: Path) -> None:
            model = self._model(self.experiment.precision)
            quick = {c: self._quick(model, c).margins for c in self.experiment.categories}
            answer = {"panels": self._panels(model, 0), "curve": quick}
            (target / "base.json").write_text(json.dumps(answer))

        folder = self._entry("base", specification, make)
        answer: dict[str, Any] = json.loads((folder / "base.json").read_text())
        return answer


def shuffled(texts: Sequence[str], how: Shuffle, seed: int) -> list[str]:
    """Lists of numbers whose numbers have been mixed up; separators stay where they are."""
    draw = random.Random(f"shuffle/{seed}")
    found = [re.findall("[0-9]+", text) for text in texts]
    if how == "within rows":
        for values in found:
            draw.shuffle(values)
        mixed = found
    else:
        everything = [value for values in found for value in values]
        draw.shuffle(everything)
        taken = iter(everything)
        mixed = [[next(taken) for _ in values] for values in found]
    shuffled_texts = []
    for text, values in zip(texts, mixed, strict=True):
        new = iter(values)
        shuffled_texts.append(re.sub("[0-9]+", lambda _, new=new: next(new), text))  # type: ignore[misc]
    return shuffled_texts


def known_traits(category: str) -> list[str]:
    """Names of the candidates of a category."""
    return [name for name, trait in TRAITS.items() if trait.category == category]
