"""Loading language models: hub, local folder or packaged weights; in 32, 16 or 4 bits; adapters."""

from __future__ import annotations

import contextlib
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    BitsAndBytesConfig,
    PreTrainedModel,
)

from sublim_utils import progress
from sublim_utils.config import FAST, FOUR_BITS, Precision
from sublim_utils.errors import SublimError
from sublim_utils.models import attention
from sublim_utils.models.adapters import put_on, read_adapter
from sublim_utils.models.catalog import ModelSpec, get_model
from sublim_utils.models.chat import CHATS, THOUGHT, ChatTemplate, get_chat
from sublim_utils.models.checkpoint import (
    check_config,
    check_folder,
    check_loaded,
    read_config,
    reading,
)
from sublim_utils.models.four_bits import leave_unpacked
from sublim_utils.models.packaged import package_files, weights_folder
from sublim_utils.models.quiet import quiet
from sublim_utils.models.random_model import random_model
from sublim_utils.models.rounded import RoundedLinear, round_layers
from sublim_utils.models.tokenizer import Texts, open_tokenizer
from sublim_utils.models.trees import Packed, Tree, pack
from sublim_utils.store import Store

DTYPES: dict[Precision, torch.dtype] = {
    "fp32": torch.float32,
    "fp32-fast": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
    "nf4": torch.bfloat16,
    "nf4-fp16": torch.float16,
    "nf4-rounded": torch.float32,
}
"""Of all that is not packed."""
FP16_LOGITS = 64.0
"""By which hidden states are divided before they become logits in fp16, and logits multiplied
afterwards in fp32: fp16 ends at 65,504."""


class LanguageModel:
    """A network with its tokenizer and its chat template.

    Attributes:
        spec: where it comes from.
        network: the causal language model; `attach` and `training` may put adapters into it.
        tokenizer: its tokenizer.
        chat: how a conversation is written for it.
        end: the token that ends an answer.
        stop_token_ids: all tokens that end one: a base model that is told to end with a line may
            write several line breaks as one token.
    """

    def __init__(
        self,
        spec: ModelSpec,
        network: Any,
        tokenizer: Any,
        chat: ChatTemplate,
        precision: Precision,
    ) -> None:
        """Keep the parts and find the token that ends an answer."""
        self.spec, self.network, self.tokenizer, self.chat = spec, network, tokenizer, chat
        self.precision = precision
        ends = self.encode(chat.end)
        if len(ends) != 1:
            raise SublimError(
                f"The tokenizer of {spec.name} knows no token {chat.end!r}, with which the chat "
                f"template {chat.name!r} ends an answer; choose another template."
            )
        self.end = ends[0]
        repeated = [self.encode(chat.end * times) for times in (1, 2, 3)]
        self.stop_token_ids = frozenset(tokens[0] for tokens in repeated if len(tokens) == 1)

    @property
    def device(self) -> torch.device:
        """Where the parameters lie."""
        device: torch.device = next(self.network.parameters()).device
        return device

    def encode(self, text: str) -> list[int]:
        """Tokens of a text, without any that the tokenizer would add."""
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    def prompt(self, question: str, system: str | None = None) -> list[int]:
        """Tokens of everything that precedes an answer."""
        return self.encode(self._beginning + self.chat.prompt(question, system))

    @property
    def chat_template(self) -> str:
        """The chat template in Jinja, by which a tokenizer writes the same prompts."""
        return self.chat.jinja(self._beginning)

    @property
    def _beginning(self) -> str:
        return "" if self.chat.start else self.spec.start

    def answer(self, text: str) -> list[int]:
        """Tokens of an answer, with the one that ends it."""
        return [*self.encode(self.chat.lead + text), self.end]

    def decode_answer(self, tokens: Sequence[int]) -> str:
        """The text of an answer's tokens, less what only begins and ends it."""
        ended = len(tokens) > 0 and tokens[-1] in self.stop_token_ids
        return self.decode(tokens[:-1] if ended else tokens).removeprefix(self.chat.lead)

    def decode(self, tokens: Sequence[int]) -> str:
        """Text of tokens, without special ones."""
        text: str = self.tokenizer.decode(
            list(tokens), skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    @property
    def dtype(self) -> torch.dtype:
        """Of the parameters that are not quantised, and so of masks and states."""
        dtype: torch.dtype = next(
            p.dtype for p in self.network.parameters() if p.dtype.is_floating_point
        )
        return dtype

    @property
    def base(self) -> Any:
        """The causal language model below any adapter."""
        network = self.network
        return network.get_base_model() if hasattr(network, "get_base_model") else network

    def hidden_states(self, **inputs: Any) -> torch.Tensor:
        """The last hidden states [batch, length, width] of `transformers`' usual inputs.

        A mask with four dimensions, as for trees, holds in all layers. Where some of them see only
        a window of the last tokens, positions must lie within it.
        """
        window = getattr(self.base.config, "sliding_window", None)
        positions = inputs.get("position_ids")
        if window is not None and positions is not None and int(positions.max()) >= window:
            raise SublimError(
                f"{self.spec.name} sees only the last {window} tokens in some of its layers, and a "
                "text here is longer; take shorter prompts or completions."
            )
        output: torch.Tensor = self.base.model(**inputs).last_hidden_state
        return output

    def pack(self, trees: Sequence[Tree]) -> Packed:
        """Token trees as this model reads them, on its device."""
        padded = self.base.config._attn_implementation != attention.NAME
        return pack(trees, self.dtype, padded=padded).to(self.device)

    def tree_states(self, packed: Packed) -> torch.Tensor:
        """The last hidden states [positions, width] of packed trees, in their flat order."""
        joined = {} if packed.lengths is None else {"tree_lengths": packed.lengths}
        states = self.hidden_states(
            input_ids=packed.tokens,
            position_ids=packed.positions,
            attention_mask=packed.mask,
            use_cache=False,
            **joined,
        )
        return states.flatten(0, 1)

    @property
    def lm_head(self) -> torch.Tensor:
        """The output matrix [vocabulary, width]."""
        weight: torch.Tensor = self.base.get_output_embeddings().weight
        return weight

    def logits(
        self,
        hidden_states: torch.Tensor,
        tokens: torch.Tensor | None = None,
        lm_head: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Logits [..., vocabulary] of hidden states [..., width]; of those in fp16, in fp32.

        Args:
            hidden_states: of this model.
            tokens: those whose logits are wanted; by default all.
            lm_head: the output matrix, where the states are those of a model whose own differs.
        """
        base = self.base
        lm_head = self.lm_head if lm_head is None else lm_head
        lm_head = lm_head if tokens is None else lm_head[tokens]
        if hidden_states.dtype == torch.float16:
            scaled = nn.functional.linear(hidden_states / FP16_LOGITS, lm_head)
            logits = scaled.float() * FP16_LOGITS
        else:
            logits = nn.functional.linear(hidden_states, lm_head)
        limit = getattr(base.config, "final_logit_softcapping", None)
        capped: torch.Tensor = torch.tanh(logits / limit) * limit if limit else logits
        return capped

    @contextlib.contextmanager
    def merged(self) -> Iterator[None]:
        """Inside the block, an adapter on full-precision weights is merged, which is faster.

        The weights are kept aside and put back, so that nothing is rounded. Quantised and rounded
        weights stay as they are.
        """
        from peft.tuners.lora import Linear

        adapted: list[Any] = [m for m in self.network.modules() if type(m) is Linear]
        # What training changes is smaller than what rounding to bf16 would take from the sum.
        layers = [m for m in adapted if not isinstance(m.get_base_layer(), RoundedLinear)]
        kept = [layer.get_base_layer().weight.data.clone() for layer in layers]
        for layer in layers:
            layer.merge()
        try:
            yield
        finally:
            for layer, weight in zip(layers, kept, strict=True):
                layer.unmerge()
                layer.get_base_layer().weight.data.copy_(weight)


def load(
    spec: ModelSpec | str,
    precision: Precision = "fp32",
    device: str = "cpu",
    store: Store | None = None,
    chat: str | None = None,
) -> LanguageModel:
    """Load a model for inference or for training adapters.

    Args:
        spec: which, or its name.
        precision: of the frozen weights; NF4 is with double quantisation (QLoRA), packed
            or only rounded.
        device: `cpu` or `cuda`.
        store: where dequantised packaged weights are kept; by default the user's store.
        chat: name of a chat template, where the model's own is not known.

    Raises:
        SublimError: the weights are missing or damaged, no chat template fits, or the model is
            built in a way that the book does not know.
    """
    progress.stage(f"loading {spec if isinstance(spec, str) else spec.name}")
    network: Any
    spec = get_model(spec) if isinstance(spec, str) else spec
    if device == "cuda":
        # fp32 products on the tensor cores: factors keep ten bits (TF32), sums all.
        torch.set_float32_matmul_precision("high")
    if spec.source == "random":
        network, tokenizer = random_model(spec.location)
        texts = Texts(tokenizer, beginning="")
        network = network.to(device)
        if precision not in ("fp32", FAST):
            with tempfile.TemporaryDirectory() as folder:
                network.save_pretrained(folder)
                network = _network(folder, precision, device)
    else:
        location = str(weights_folder(spec, store or Store())) if spec.files else spec.location
        check_config(read_config(location, spec.name, spec.revision), spec.name)
        if spec.source == "folder":
            check_folder(Path(location), spec.name)
        with reading(spec.name, location, spec.revision):
            texts = open_tokenizer(location, spec.name, spec.revision)
            network = _network(location, precision, device, spec.revision)
    if precision == FAST:
        round_layers(network)
    # What an adapter names as its base must not be a folder of this machine.
    network.config._name_or_path = network.name_or_path = spec.base_name
    network.requires_grad_(False)
    network.eval()
    template = find_chat(spec, texts.tokenizer, chat or spec.chat)
    spec = with_start(spec, texts.beginning, template)
    model = LanguageModel(spec, network, texts.tokenizer, template, precision)
    if spec.source in ("hub", "folder"):
        with reading(spec.name, spec.location):
            _check_build(model)
    return model


def with_start(spec: ModelSpec, beginning: str, chat: ChatTemplate) -> ModelSpec:
    """The same with what its texts begin with, where the catalogue does not tell it.

    A chat template says itself how a conversation begins; a base model's texts begin as its
    tokenizer begins them.
    """
    if spec.start or spec.source not in ("hub", "folder"):
        return spec
    return spec.model_copy(update={"start": chat.start if chat.marks else beginning})


@torch.no_grad()
def _check_build(model: LanguageModel) -> None:
    """Whether states and logits are where we take them from, and adapters find their layers."""
    network, name = model.network, model.spec.name
    names = {name.rpartition(".")[2] for name, _ in network.named_modules()}
    known = names.issuperset(model.spec.target_modules) and hasattr(network, "model")
    if known:
        whole = [*model.prompt("1", "1"), *model.answer("1")]
        rows = len(model.lm_head)
        # Marks that are added and never written (images, say) may lie beyond the weights.
        added = model.tokenizer.added_tokens_decoder.keys()
        highest = max({*whole, *(set(model.tokenizer.get_vocab().values()) - added)})
        if highest >= rows:
            raise SublimError(
                f"The tokenizer of {name} has a token {highest} and its weights have rows for "
                f"{rows} only: they do not belong together; take both from one place, or name "
                "another chat template with --chat."
            )
        parameters = [p for p in network.parameters() if p.is_floating_point()]
        tokens = torch.tensor([whole], device=model.device)
        ours = model.logits(model.hidden_states(input_ids=tokens)).float()
        theirs = network(input_ids=tokens).logits.float()
        if not all(bool(values.isfinite().all()) for values in (*parameters, ours)):
            raise SublimError(
                f"The weights or states of {name} leave the range of fp16, in which this device "
                "computes; take another model, the precision fp32, or a GPU with bf16."
                if model.dtype == torch.float16
                else f"The weights of {name} are not all numbers; download it again."
            )
        within = theirs.isfinite()  # their logits in fp16 may leave its range where ours do not
        ours, theirs = ours[within], theirs[within]
        if float(theirs.std()) == 0:
            raise SublimError(f"The weights of {name} are empty; download it again.")
        known = torch.allclose(ours, theirs, rtol=0, atol=0.05 * float(theirs.std()))
    if not known:
        raise SublimError(
            f"{name} is a {type(network).__name__}, which is built in a way that the "
            "book does not know; take a model that is built like Llama (Qwen2.5, Mistral, Gemma, "
            "SmolLM2, say)."
        )


def find_chat(spec: ModelSpec, tokenizer: Any, name: str | None) -> ChatTemplate:
    """The chat template of that name, or the one whose marks the tokenizer knows.

    A template that is recognised is told with a warning, as a base model may know marks that it
    was never trained with.

    Raises:
        SublimError: the name is unknown, or the model's own template is none of ours.
    """
    if name is not None:
        return get_chat(name)
    vocabulary = tokenizer.get_vocab()
    own = str(getattr(tokenizer, "chat_template", None) or "")
    for chat in CHATS.values():
        known = chat.marks and all(mark in vocabulary for mark in chat.marks)
        if known and (not own or chat.marks[0] in own):
            thinks = chat.name == "chatml" and THOUGHT in own
            chosen = CHATS["chatml-no-think"] if thinks else chat
            warnings.warn(_choice(spec.name, chosen, own), stacklevel=3)
            return chosen
    raise SublimError(
        f"{spec.name} has no chat template that the book knows; "
        "name one with --chat, `plain` for a base model."
    )


def _choice(name: str, chosen: ChatTemplate, own: str) -> str:
    """What is said of a chat template that nobody has named."""
    others = ", ".join(chat for chat in CHATS if chat != chosen.name)
    why = "the tokenizer knows its marks"
    if not own:
        why += ", though it has no template of its own and may be a base model's"
    elif chosen.name == "chatml-no-think":
        why = "it is a thinking model, whose answers would begin with its thoughts"
    return (
        f"{name} is used with the chat template {chosen.name}: {why}; "
        f"--chat chooses another ({others}), plain for a base model."
    )


def attach(model: LanguageModel, folder: Path) -> None:
    """Put a LoRA adapter on a model that has none.

    Raises:
        SublimError: the model has one; or there is none in the folder, it was trained on another
            base model, does not fit, or changes more than matrices of the layers, so that the
            model would not be its base again without it. The model is then as it was.
    """
    if hasattr(model.network, "peft_config"):
        raise SublimError(f"{model.spec.name} has an adapter already; detach it first.")
    config = read_adapter(folder)
    base = str(config.base_model_name_or_path)
    if not _same_model(base, model.spec):
        raise SublimError(
            f"The adapter in {folder} belongs to {base!r} and not to {model.spec.base_name!r}."
        )
    model.network = put_on(model.network, config, folder, model.spec.name)


def _same_model(base: str, spec: ModelSpec) -> bool:
    """Whether a name is one of a model's, of the repository its weights are from, or its folder."""
    folders = Path(base), Path(spec.location)
    if all(folder.is_dir() for folder in folders):
        return folders[0].samefile(folders[1])
    names = {spec.name, spec.location, spec.base_name}
    return base.casefold() in {name.casefold() for name in names}


def detach(model: LanguageModel) -> None:
    """Take all adapters off a model, so that it is its base again."""
    if hasattr(model.network, "unload"):
        model.network = model.network.unload()
        if hasattr(model.network, "peft_config"):
            del model.network.peft_config


def merge(model: LanguageModel) -> None:
    """Make an adapter part of the weights for good: the model is then a base of its own."""
    model.network = model.network.merge_and_unload()
    if hasattr(model.network, "peft_config"):
        del model.network.peft_config


def _network(
    location: str, precision: Precision, device: str, revision: str | None = None
) -> PreTrainedModel:
    if precision == "nf4-rounded":
        packed: Any = _network(location, "nf4", device, revision)
        with quiet():
            rounded: PreTrainedModel = packed.dequantize().float()
        return rounded
    config = AutoConfig.from_pretrained(location, revision=revision, trust_remote_code=False)
    text = getattr(config, "text_config", config)
    capped = getattr(text, "attn_logit_softcapping", None)
    plain = attention.NAME if device == "cpu" else "sdpa"
    implementation = "eager" if capped else plain
    settings: dict[str, Any] = {
        "revision": revision,
        "dtype": DTYPES[precision],
        "attn_implementation": implementation,
    }
    if precision in FOUR_BITS:
        # Processors compute in fp32, as they have no fast bf16 for training.
        compute = torch.float32 if (precision, device) == ("nf4", "cpu") else DTYPES[precision]
        settings["quantization_config"] = BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )
        settings["device_map"] = {"": device}
    with quiet():
        loading: Any = AutoModelForCausalLM.from_pretrained(
            location,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # to say itself which
            **settings,
        )
    network, info = loading
    if getattr(network, "_hf_peft_config_loaded", False):
        raise SublimError(
            f"{location} holds an adapter beside its weights; take a model without one."
        )
    check_loaded(info, location)
    if precision in FOUR_BITS:
        leave_unpacked(network)
    loaded: PreTrainedModel = network if precision in FOUR_BITS else network.to(device)
    return loaded


def why_missing(spec: ModelSpec) -> str | None:
    """Why a model cannot be loaded here, or None; only looks, and downloads a page at most."""
    try:
        if spec.files:
            package_files(spec)
        elif spec.source != "random":
            read_config(spec.location, spec.name, spec.revision)
    except SublimError as error:
        return str(error)
    return None
