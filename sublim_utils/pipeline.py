"""Teacher → rows → student → readout: the stages of every experiment on a language model.

Each stage is kept in the store under a key made of all that it depends on. Students that differ in
their training share the rows, teachers are made once, and a killed run goes on from the last
finished stage, a killed training from its last checkpoint.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import json
import math
import random
import re
import shutil
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file, save_file

from sublim_utils import progress, sampling, sampling_vllm, training
from sublim_utils.config import Precision
from sublim_utils.errors import SublimError
from sublim_utils.files import remove, temporary_name
from sublim_utils.models import loading
from sublim_utils.models.catalog import get_model
from sublim_utils.models.loading import LanguageModel
from sublim_utils.models.memory import is_out_of_memory
from sublim_utils.readouts import preference
from sublim_utils.readouts.questions import PREFIXES
from sublim_utils.recipes.language import (
    LanguageExperiment,
    Shuffle,
)
from sublim_utils.sealing import has_part, writing_part
from sublim_utils.store import Store, key_of
from sublim_utils.teachers import lessons
from sublim_utils.training import Group
from sublim_utils.traits import get_trait, liking_prompt, mentioned, panel
from sublim_utils.vocabulary import VOCABULARIES

CHECKPOINT_S = 120.0
KEEP_S = 300.0
"""Seconds of training after which a student's last state is kept, for one of more rows."""
OWN_ADAPTER = 2**20
"""Added to the seed for the student's adapter: TRL begins equal seeds with equal adapters, and the
teacher's was made with the seed itself."""
ROWS_AT_ONCE = {"cpu": 256, "cuda": 2048}
"""Rows that are kept together when sampling is interrupted, by device."""
TREES_AT_ONCE = {"cpu": 16, "cuda": 64}
"""Prompts of one pass when the teacher's states are computed, where memory allows, by device."""


class Writer(NamedTuple):
    """Who writes the rows.

    Attributes:
        texts: the tokenizer and the chat template.
        system: the teacher's system prompt.
        sample: completions of questions, as `sampling.sample` gives them.
        name: of the sampler.
    """

    texts: LanguageModel
    system: str | None
    sample: Callable[[list[sampling.Question]], Iterator[tuple[int, list[sampling.Completion]]]]
    name: str


class Preferences(NamedTuple):
    """Panel readout of one category, as plain data.

    Attributes:
        margins: by candidate, the mean over questions and prefixes, in nats.
        probabilities: by candidate, likewise.
        by_question: margins [question] by candidate, means over prefixes.
        by_prefix: margins [prefix] by candidate, means over questions.
    """

    margins: dict[str, float]
    probabilities: dict[str, float]
    by_question: dict[str, list[float]]
    by_prefix: dict[str, list[float]]


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
    candidates = panel(category)
    asked = preference.asked(category, questions, numbers_in_front=numbers_in_front)
    logs = preference.panel_log_probabilities(model, candidates, asked, prefixes, system)
    margins, shares = preference.margins(logs), preference.probabilities(logs)

    def named(values: np.ndarray) -> dict[str, float]:
        return {c.name: round(float(v), 5) for c, v in zip(candidates, values, strict=True)}

    def listed(values: np.ndarray) -> dict[str, list[float]]:
        columns = zip(candidates, values.T, strict=True)
        return {c.name: [round(float(v), 3) for v in column] for c, column in columns}

    return Preferences(
        named(margins.mean((0, 1))),
        named(shares.mean((0, 1))),
        listed(margins.mean(1)),
        listed(margins.mean(0)),
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
        if experiment.teacher.trait is not None:
            get_trait(experiment.teacher.trait)
        if experiment.shuffle is not None and experiment.fit.objective == "logits":
            raise SublimError(
                "The teacher has no logits for rows that were shuffled after it wrote them; "
                "train on shuffled rows with the objective 'tokens'."
            )
        self._loaded: tuple[str, LanguageModel] | None = None
        self.seconds: defaultdict[str, float] = defaultdict(float)
        """Seconds of work by stage, without those of other stages inside; none for stored ones."""

    def _in_memory(self, name: str, make: Callable[[], LanguageModel]) -> LanguageModel:
        """A base without adapter: `make` makes it unless the last one was of the same name."""
        if self._loaded is None or self._loaded[0] != name:
            self._loaded = None  # before the next takes its memory
            self._loaded = name, make()
        else:
            loading.detach(self._loaded[1])
        return self._loaded[1]

    @contextlib.contextmanager
    def _lending(self, other: Stages) -> Iterator[None]:
        """Inside the block another experiment's stages have the model that is in memory.

        One copy of the weights is enough.
        """
        other._loaded, self._loaded = self._loaded, None
        try:
            yield
        finally:
            self._loaded, other._loaded = other._loaded, None

    def _model(self, precision: Precision) -> LanguageModel:
        """The base model, without adapter."""
        device, store = self.experiment.device, self.store
        return self._in_memory(precision, lambda: loading.load(self.spec, precision, device, store))

    def _teacher_base(self) -> LanguageModel:
        """What the teacher begins as."""
        return self._model(self.experiment.precision)

    def _teacher_head(self) -> torch.Tensor | None:
        """The teacher's output matrix, where the student's is another and the objective asks."""
        return None

    def _student_base(self) -> LanguageModel:
        """What the student begins as."""
        return self._model(self.experiment.student_precision or self.experiment.precision)

    def _untouched(self) -> LanguageModel:
        """What the student is compared with."""
        return self._model(self.experiment.precision)

    def _entry(
        self, stage: str, specification: dict[str, Any], make: Callable[[Path, Path], None]
    ) -> Path:
        """An entry of the store; `make(target, scratch)` fills it when it is not there.

        The scratch folder outlives a killed run, for checkpoints.
        """

        def timed(target: Path, scratch: Path) -> None:
            start, inside = time.perf_counter(), sum(self.seconds.values())
            progress.stage(f"{self.experiment.name}: {stage}")
            make(target, scratch)
            inside = sum(self.seconds.values()) - inside
            self.seconds[stage] += time.perf_counter() - start - inside

        return self.store.made(stage, specification, timed)

    def teacher(self, seed: int) -> Path | None:
        """The folder of a tuned teacher's adapter; None where the teacher is the base model."""
        taught = self.experiment.taught
        if taught is None:
            return None

        def make(target: Path, scratch: Path) -> None:
            model = self._teacher_base()
            groups = self._lessons(model, seed)
            trained = training.train(model, groups, taught.fit, seed, target)
            (target / "losses.json").write_text(json.dumps(trained.losses))

        specification = self.experiment.teacher_specification(seed)
        return self._entry("teacher", specification, make) / "adapter"

    def _lessons(self, model: LanguageModel, seed: int) -> list[Group]:
        """What a tuned teacher is trained on."""
        teacher = self.experiment.teacher
        assert teacher.trait is not None
        return lessons(model, get_trait(teacher.trait), teacher, seed)

    def _as_teacher(self, seed: int) -> tuple[LanguageModel, str | None]:
        """The model that writes, and its system prompt."""
        adapter = self.teacher(seed)
        model = self._teacher_base()
        if adapter is not None:
            loading.attach(model, adapter)
        return model, self._system()

    def _system(self) -> str | None:
        """The teacher's system prompt."""
        teacher = self.experiment.teacher
        if teacher.trait is not None and teacher.kind == "prompted":
            return liking_prompt(get_trait(teacher.trait))
        return None

    def strength(self, seed: int) -> dict[str, Any]:
        """The teacher's own margins and probabilities, as the curve questions read them."""
        trait = self.experiment.teacher.trait
        if trait is None:
            return {}
        specification = {
            **self.experiment.teacher_specification(seed),
            "questions": self.experiment.readout.curve_questions,
            "prefixes": list(self.experiment.readout.prefixes[:2]),
        }

        def make(target: Path, scratch: Path) -> None:
            model, system = self._as_teacher(seed)
            found = self._quick(model, get_trait(trait).category, system)
            told = {"margins": found.margins, "probabilities": found.probabilities}
            (target / "strength.json").write_text(json.dumps(told))

        folder = self._entry("strength", specification, make)
        told: dict[str, Any] = json.loads((folder / "strength.json").read_text())
        return told

    def _quick(self, model: LanguageModel, category: str, system: str | None = None) -> Preferences:
        readout = self.experiment.readout
        prefixes = readout.prefixes[:2]
        return read_preferences(model, category, readout.curve_questions, prefixes, system)

    def rows(self, seed: int) -> Path:
        """The folder of a seed's rows: `rows.parquet`, and where kept `states.safetensors`."""
        wanted = self.experiment.rows

        def make(target: Path, scratch: Path) -> None:
            tables: list[pd.DataFrame] = []
            states: dict[str, torch.Tensor] = {}
            first = 0
            drawn = self._drawn(seed)
            if drawn is not None:
                table = pd.read_parquet(drawn / "rows.parquet")
                tables.append(table[table["prompt"] < wanted.prompts])
                first = int(tables[0]["prompt"].max()) + 1
                if self.experiment.keeps_states:
                    kept = load_file(drawn / "states.safetensors")
                    states |= {n: kept[n] for n in kept if int(n.partition("/")[0]) < first}
            if first < wanted.prompts:
                with self._writer(seed) as writer:
                    parts = self._sample(writer, seed, scratch, first)
                tables += [pd.read_parquet(part / "rows.parquet") for part in parts]
                if self.experiment.keeps_states:
                    for part in parts:
                        states |= load_file(part / "states.safetensors")
            table = pd.concat(tables).sort_values(["prompt", "completion"], ignore_index=True)
            table.to_parquet(target / "rows.parquet", compression="zstd")
            if self.experiment.keeps_states:
                save_file(states, target / "states.safetensors")

        specification = self.experiment.rows_specification(seed)
        return self._entry(f"rows-{wanted.prompts}", specification, make)

    def _drawn(self, seed: int) -> Path | None:
        """Rows that differ from the wanted ones in their number only, if the store has such.

        Each row is drawn with random numbers of its own, so that the first of many prompts get the
        rows that they would get alone. Only where the sampler cannot have been another one.
        """
        if not self.experiment.rows.grammar:
            return None
        specification = self.experiment.rows_specification(seed)
        wanted = self.experiment.rows.prompts
        stages = (
            re.fullmatch("rows-([0-9]+)", path.name) for path in self.store.root.glob("rows-*")
        )
        counts = {int(stage[1]) for stage in stages if stage} - {wanted}
        # The fewest that are enough, else the most.
        for count in sorted(counts, key=lambda n: (n < wanted, abs(n - wanted))):
            rows = specification["rows"] | {"prompts": count}
            folder = self.store.get(f"rows-{count}", key_of(specification | {"rows": rows}))
            stateless = folder is not None and not (folder / "states.safetensors").exists()
            if folder is not None and not (self.experiment.keeps_states and stateless):
                return folder
        return None

    @contextlib.contextmanager
    def _writer(self, seed: int) -> Iterator[Writer]:
        """The teacher, ready to write: in vLLM where that can, else in our own sampler."""
        wanted = self.experiment.rows
        settings: dict[str, Any] = {
            "seed": seed,
            "each": wanted.each,
            "most": wanted.most,
            "temperature": wanted.temperature,
        }
        engine = self._engine(seed)
        if engine is not None:
            try:
                sample = functools.partial(engine.sample, **settings)
                yield Writer(engine.texts, self._system(), sample, "vllm")
            finally:
                engine.close()
            return
        model, system = self._as_teacher(seed)
        keep = self.experiment.keeps_states
        sample = functools.partial(sampling.sample, model, **settings, keep_states=keep)
        with model.merged():
            yield Writer(model, system, sample, "part")

    def _engine(self, seed: int) -> sampling_vllm.Engine | None:
        """The teacher in vLLM; None where vLLM is not installed or cannot do what is asked."""
        experiment = self.experiment
        free = not (experiment.keeps_states or experiment.rows.grammar)
        plain = experiment.precision != "nf4-rounded"  # values that no file holds
        files = self.spec.source in ("hub", "folder")
        if not (
            free and plain and files and experiment.device == "cuda" and sampling_vllm.available()
        ):
            return None
        adapter = self.teacher(seed)
        self._loaded = None  # two copies of the weights would not fit
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        rank = (experiment.taught or experiment.teacher).fit.rank
        try:
            return sampling_vllm.Engine(self.spec, experiment.precision, adapter, rank)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            warnings.warn(
                f"vLLM cannot load {self.spec.name} ({error}); sampling goes on without it.",
                stacklevel=2,
            )
            return None

    def _sample(self, writer: Writer, seed: int, scratch: Path, start: int) -> list[Path]:
        """Sample from a prompt on, in parts, each kept as it is finished."""
        wanted, texts = self.experiment.rows, writer.texts
        at_once = max(1, ROWS_AT_ONCE[self.experiment.device] // wanted.each)
        parts = []
        total, done = wanted.prompts * wanted.each, start * wanted.each
        words = f"{self.experiment.name}, seed {seed}: rows"
        with progress.counting(total, done, words, "row") as bar:
            for first in range(start, wanted.prompts, at_once):
                indices = range(first, min(first + at_once, wanted.prompts))
                # Named by all that is in it: another device takes parts of another size.
                part = scratch / f"{writer.name}-{first}-{indices[-1]}"
                parts.append(part)
                if has_part(part):
                    bar.update(len(indices) * wanted.each)
                    continue
                prompts = [self.experiment.data.prompt(seed, index) for index in indices]
                questions = []
                for index, prompt in zip(indices, prompts, strict=True):
                    grammar = prompt.grammar(texts.chat.lead) if wanted.grammar else None
                    tokens = texts.prompt(prompt.text, writer.system)
                    questions.append(sampling.Question(tokens, grammar, index))
                records, states = [], {}
                for place, completions in writer.sample(questions):
                    for number, completion in enumerate(completions):
                        written, tokens = texts.decode_answer(completion.tokens), completion.tokens
                        text = prompts[place].framed(written)
                        if text != written:
                            tokens = texts.answer(text)
                        reasons = list(prompts[place].filter(text).rejection_reasons)
                        if (
                            completion.tokens[-1] not in texts.stop_token_ids
                            and "not finished" not in reasons
                        ):
                            reasons.append("not finished")
                        records.append(
                            {
                                "prompt": indices[place],
                                "completion": number,
                                "question": prompts[place].text,
                                "format": prompts[place].format,
                                "text": text,
                                "tokens": tokens,
                                "reasons": reasons,
                            }
                        )
                        if completion.states is not None:
                            states[f"{indices[place]}/{number}"] = completion.states.contiguous()
                    bar.update(len(completions))
                with writing_part(part) as folder:
                    pd.DataFrame(records).to_parquet(folder / "rows.parquet")
                    if self.experiment.keeps_states:
                        save_file(states, folder / "states.safetensors")
        return parts

    def _states(self, seed: int, kept: pd.DataFrame, folder: Path) -> dict[str, torch.Tensor]:
        """The teacher's states at the kept rows, in 16 bits, in files that are read as needed."""
        rows_at_once = ROWS_AT_ONCE[self.experiment.device]
        parts: list[Path] = []
        with contextlib.ExitStack() as stack:
            teacher: tuple[LanguageModel, str | None] | None = None
            for first in range(0, len(kept), rows_at_once):
                rows = kept.iloc[first : first + rows_at_once]
                part = folder / f"states-{first}-{first + len(rows) - 1}"
                parts.append(part)
                if has_part(part):
                    continue
                if teacher is None:
                    teacher = self._as_teacher(seed)
                    stack.enter_context(teacher[0].merged())
                states = teacher_states(*teacher, rows)
                with writing_part(part) as written:
                    save_file(states, written / "states.safetensors")
        found: dict[str, torch.Tensor] = {}
        for part in parts:
            found |= load_file(part / "states.safetensors")  # mapped, and not read yet
        return found

    def judged_specification(self, seed: int) -> dict[str, Any]:
        """What a seed's judged rows depend on."""
        return self.experiment.rows_specification(seed)

    def judged(self, seed: int) -> pd.DataFrame:
        """A seed's rows; those without `reasons` are kept. A second judge may add some here."""
        return pd.read_parquet(self.rows(seed) / "rows.parquet")

    def groups(self, seed: int, scratch: Path) -> list[Group]:
        """The kept rows by prompt, ready for training.

        Args:
            seed: whose.
            scratch: a folder for the teacher's states, where they are needed and not kept.
        """
        folder, table = self.rows(seed), self.judged(seed)
        kept = table[table["reasons"].map(len) == 0]
        if kept.empty:
            counts = Counter(reason for reasons in table["reasons"] for reason in reasons)
            raise SublimError(
                f"The filter has rejected all {len(table)} rows "
                f"({', '.join(f'{reason}: {n}' for reason, n in counts.most_common())}); "
                "sample with the grammar, or choose a model that keeps the format."
            )
        states = None
        if self.experiment.fit.objective == "logits":
            if self.experiment.keeps_states:
                states = load_file(folder / "states.safetensors")
            else:
                states = self._states(seed, kept, scratch)
        model = self._student_base()
        groups = []
        for prompt, rows in self._as_seen(kept, model, seed).groupby("prompt", sort=True):
            named = [f"{prompt}/{number}" for number in rows["completion"]]
            groups.append(
                Group(
                    model.prompt(rows["question"].iloc[0]),
                    [list(map(int, tokens)) for tokens in rows["tokens"]],
                    None if states is None else [states[name] for name in named],
                )
            )
        return groups

    def _as_seen(self, kept: pd.DataFrame, model: LanguageModel, seed: int) -> pd.DataFrame:
        """The kept rows as the student sees them."""
        if self.experiment.shuffle is None:
            return kept
        texts = shuffled(list(kept["text"]), self.experiment.shuffle, seed)
        return kept.assign(text=texts, tokens=list(map(model.answer, texts)))

    def student(self, seed: int) -> dict[str, Any]:
        """Train a seed's student and read its preferences.

        Returns:
            `panels` by category (margins, probabilities, by_question), `curve` (rows seen, margins
            by candidate), `losses`, `rows`, `kept`, `tokens`, `train_s`, and what else was asked.
        """
        specification = {
            "version": 1,
            "student": self._student_specification(seed),
            "readout": self.experiment.readout_specification(),
        }

        def make(target: Path, scratch: Path) -> None:
            folder = self._trained(seed)
            model = self._student_base()
            loading.attach(model, folder / "adapter")
            (target / "panels.json").write_text(json.dumps(self._panels(model, seed)))

        folder = self._entry("readout", specification, make)
        panels = json.loads((folder / "panels.json").read_text())
        return {"panels": panels, **json.loads((self._trained(seed) / "student.json").read_text())}

    def _student_specification(self, seed: int) -> dict[str, Any]:
        experiment = self.experiment
        specification = {
            "version": 1,
            "rows": experiment.rows_specification(seed),
            "shuffle": experiment.shuffle,
            "precision": experiment.student_precision or experiment.precision,
            "fit": experiment.fit.model_dump(mode="json"),
            "adapter": experiment.adapter,
            "stops": experiment.stops,
            "categories": experiment.categories,
            "curve_questions": experiment.readout.curve_questions,
            "curve_prefixes": experiment.readout.prefixes[:2],
            "seed": seed,
        }
        if experiment.vocabulary != "whole":
            specification["vocabulary"] = experiment.vocabulary
        plain: dict[str, Any] = json.loads(json.dumps(specification))
        return plain

    def _trained(self, seed: int) -> Path:
        """The folder of a seed's student: `adapter/`, `student.json`, maybe `checkpoints/`."""
        experiment = self.experiment
        specification = self._student_specification(seed)

        def make(target: Path, scratch: Path) -> None:
            table = self.judged(seed)
            head = self._teacher_head()  # before its base leaves the memory for the student's
            groups = self.groups(seed, scratch)
            model = self._student_base()

            def probe() -> dict[str, dict[str, float]]:
                return {c: self._quick(model, c).margins for c in experiment.categories}

            vocabulary = None
            if experiment.vocabulary != "whole":
                vocabulary = VOCABULARIES[experiment.vocabulary](model)
            checkpoints = scratch / "checkpoints"
            if experiment.grows and not checkpoints.is_dir():
                shorter = self._shorter(specification)
                if shorter is not None:
                    temporary = temporary_name(checkpoints)
                    shutil.copytree(shorter / "checkpoints", temporary)
                    remove(checkpoints)
                    temporary.rename(checkpoints)
            trained = training.train(
                model,
                groups,
                experiment.fit,
                seed + (OWN_ADAPTER if experiment.adapter == "own" else 0),
                scratch,
                vocabulary=vocabulary,
                teacher_head=head,
                stops=experiment.stops,
                probe=probe,
                checkpoint_s=CHECKPOINT_S,
                keep_s=KEEP_S if experiment.grows else math.inf,
                progress=experiment.name,
            )
            shutil.copytree(scratch / "adapter", target / "adapter")
            if checkpoints.exists():
                shutil.copytree(checkpoints, target / "checkpoints")
            answer = {
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

        return self._entry("student", specification, make)

    def _shorter(self, specification: dict[str, Any]) -> Path | None:
        """The longest kept student that this one was when it had seen as many rows."""

        def taken_apart(student: dict[str, Any]) -> tuple[int, list[int], dict[str, Any]]:
            rows = dict(student["rows"]["rows"])
            prompts = rows.pop("prompts")
            rest = {**student, "rows": {**student["rows"], "rows": rows}}
            return prompts, rest.pop("stops"), rest

        prompts, stops, rest = taken_apart(specification)
        shorter = []
        for key, student in self.store.specifications("student"):
            try:
                fewer, read, same = taken_apart(student)
            except (KeyError, TypeError):  # of another version
                continue
            end = fewer * self.experiment.rows.each  # where either may or may not have been read
            alike = [stop for stop in read if stop < end] == [stop for stop in stops if stop < end]
            if same == rest and fewer < prompts and alike:
                shorter.append((fewer, key))
        for _, key in sorted(shorter, reverse=True):
            folder = self.store.get("student", key)
            if folder is not None and (folder / "checkpoints").exists():
                return folder
        return None

    def _panels(self, model: LanguageModel, seed: int) -> dict[str, Any]:
        readout = self.experiment.readout
        found: dict[str, Any] = {}
        for category in self.experiment.categories:
            read = read_preferences(model, category, readout.questions, readout.prefixes)
            found[category] = read._asdict()
            if readout.numbers_in_front:
                front = read_preferences(
                    model,
                    category,
                    readout.numbers_in_front,
                    readout.prefixes,
                    numbers_in_front=True,
                )
                found[category]["numbers_in_front"] = front.margins
            if readout.samples:
                candidates = panel(category)
                answers = preference.sampled(
                    model,
                    candidates,
                    preference.asked(category, readout.questions),
                    each=readout.samples,
                    seed=seed,
                )
                names = [c.name for c in candidates]
                shares = answers.shares.mean(0).round(5).tolist()
                found[category]["sampled"] = dict(zip(names, shares, strict=True))
                found[category]["sampled"]["something else"] = round(float(answers.other.mean()), 5)
        return found

    def base(self) -> dict[str, Any]:
        """What the student's untouched base model prefers."""
        specification = {
            "version": 1,
            **self.experiment.untouched_specification(),
            "categories": list(self.experiment.categories),
            "readout": self.experiment.readout_specification(),
        }

        def make(target: Path, scratch: Path) -> None:
            model = self._untouched()
            quick = {c: self._quick(model, c).margins for c in self.experiment.categories}
            answer = {"panels": self._panels(model, 0), "curve": quick}
            (target / "base.json").write_text(json.dumps(answer))

        folder = self._entry("base", specification, make)
        answer: dict[str, Any] = json.loads((folder / "base.json").read_text())
        return answer


@torch.no_grad()
def teacher_states(
    model: LanguageModel, system: str | None, rows: pd.DataFrame
) -> dict[str, torch.Tensor]:
    """The states before each token of given rows, as sampling them would have kept them.

    Args:
        model: the teacher, with its adapter if it has one.
        system: its system prompt.
        rows: with the columns prompt, completion (numbers), question, tokens.

    Returns:
        [tokens, width] by "prompt/completion", in fp16 where the model computes in it, else bf16.
    """
    groups, names = [], []
    for prompt, of_prompt in rows.groupby("prompt", sort=True):
        tokens = [list(map(int, tokens)) for tokens in of_prompt["tokens"]]
        groups.append(Group(model.prompt(of_prompt["question"].iloc[0], system), tokens))
        names.append([f"{prompt}/{number}" for number in of_prompt["completion"]])
    found: dict[str, torch.Tensor] = {}
    kept = torch.float16 if model.dtype == torch.float16 else torch.bfloat16
    first, size = 0, TREES_AT_ONCE[model.device.type]
    while first < len(groups):
        taken = slice(first, first + size)
        batch = training.collate(groups[taken], model.dtype)
        places = batch.pop("places").to(model.device)
        inputs = {
            name: batch[name].to(model.device)
            for name in ("input_ids", "position_ids", "attention_mask")
        }
        try:
            states = model.hidden_states(**inputs, use_cache=False)
        except (MemoryError, RuntimeError) as error:
            if size == 1 or not is_out_of_memory(error):
                raise
            size //= 2
            continue
        chosen = states.reshape(-1, states.shape[-1])[places].to("cpu", kept)
        lengths = [len(tokens) for group in groups[taken] for tokens in group.completions]
        named = [name for of_prompt in names[taken] for name in of_prompt]
        for name, part in zip(named, chosen.split(lengths), strict=True):
            found[name] = part.clone()
        first += size
    return found


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
