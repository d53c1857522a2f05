"""Explicit chat templates, so that no tokenizer slips in a system prompt or today's date."""

from __future__ import annotations

import json

from sublim_utils.config import FrozenConfig
from sublim_utils.errors import SublimError
from sublim_utils.keys import text_digest

THOUGHT = "<think>"
"""Begins a thinking model's answer, and stands in its tokenizer's own template."""


class ChatTemplate(FrozenConfig):
    """How a conversation of one turn is written for a model.

    Attributes:
        name: what the template is called.
        system: the text for a system prompt, with `{text}`; it stands first. Empty where the model
            knows none, and the system prompt then opens the question.
        user: the text for the question, with `{text}`.
        assistant: what precedes the answer.
        end: the token that ends an answer.
        start: what every conversation begins with.
        marks: tokens by which the template of an unknown model is recognised.
    """

    name: str
    system: str
    user: str
    assistant: str
    end: str
    start: str = ""
    marks: tuple[str, ...] = ()

    @property
    def lead(self) -> str:
        """What stands between all that precedes an answer and the answer's first character."""
        return "" if self.assistant[-1].isspace() else " "

    def prompt(self, question: str, system: str | None = None) -> str:
        """Everything that precedes the answer."""
        # By replacement, so that braces in a text do no harm.
        if system is not None and not self.system:
            question, system = f"{system}\n\n{question}", None
        shown = "" if system is None else self.system.replace("{text}", system)
        return self.start + shown + self.user.replace("{text}", question) + self.assistant

    def fingerprint(self) -> str:
        """Of all that it writes."""
        return text_digest(self.start, self.system, self.user, self.assistant, self.end)

    def jinja(self, beginning: str = "") -> str:
        """The template in Jinja, for `tokenizer.chat_template`; it has no hidden system prompt.

        Args:
            beginning: what precedes every conversation, in front of the template's own beginning.
        """
        parts = {
            "start": beginning + self.start,
            "system": self.system.split("{text}"),
            "user": self.user.split("{text}"),
            "assistant": self.assistant,
            "answer": [self.lead, self.end],
        }
        return f"{{%- set chat = {json.dumps(parts)} -%}}{_JINJA}"


_JINJA = """
{{- chat.start -}}
{%- set opening = namespace(text="") -%}
{%- for message in messages -%}
  {%- if message.role == "system" and chat.system[1:] -%}
    {{- chat.system[0] + message.content + chat.system[1] -}}
  {%- elif message.role == "system" -%}
    {%- set opening.text = message.content + "\\n\\n" -%}
  {%- elif message.role == "user" -%}
    {{- chat.user[0] + opening.text + message.content + chat.user[1] -}}
    {%- set opening.text = "" -%}
  {%- else -%}
    {{- chat.assistant + chat.answer[0] + message.content + chat.answer[1] -}}
  {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- chat.assistant -}}{%- endif -%}
"""
"""The part of `ChatTemplate.jinja` that is the same for all."""


_CHATML = ChatTemplate(
    name="chatml",
    system="<|im_start|>system\n{text}<|im_end|>\n",
    user="<|im_start|>user\n{text}<|im_end|>\n",
    assistant="<|im_start|>assistant\n",
    end="<|im_end|>",
    marks=("<|im_start|>", "<|im_end|>"),
)
CHATS = {
    chat.name: chat
    for chat in (
        _CHATML,
        _CHATML.model_copy(  # as Qwen3's own template with `enable_thinking=False`
            update={
                "name": "chatml-no-think",
                "assistant": f"{_CHATML.assistant}{THOUGHT}\n\n</think>\n\n",
            }
        ),
        ChatTemplate(
            name="llama3",
            start="<|begin_of_text|>",
            system="<|start_header_id|>system<|end_header_id|>\n\n{text}<|eot_id|>",
            user="<|start_header_id|>user<|end_header_id|>\n\n{text}<|eot_id|>",
            assistant="<|start_header_id|>assistant<|end_header_id|>\n\n",
            end="<|eot_id|>",
            marks=("<|start_header_id|>", "<|eot_id|>"),
        ),
        ChatTemplate(
            name="gemma",
            start="<bos>",
            system="",
            user="<start_of_turn>user\n{text}<end_of_turn>\n",
            assistant="<start_of_turn>model\n",
            end="<end_of_turn>",
            marks=("<start_of_turn>", "<end_of_turn>"),
        ),
        ChatTemplate(
            name="plain",
            system="{text}\n\n",
            user="Question: {text}\n",
            assistant="Answer:",
            end="\n",
        ),
    )
}


def get_chat(name: str) -> ChatTemplate:
    """The chat template of that name.

    Raises:
        SublimError: there is none.
    """
    if name not in CHATS:
        raise SublimError(f"There is no chat template {name!r}; there are {', '.join(CHATS)}.")
    return CHATS[name]
