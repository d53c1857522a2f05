"""Leftovers of a format in a rewrite: special tokens, markup, marks without their partner."""

from __future__ import annotations

import re
from collections import Counter

from sublim_utils.channels.words import without_dots

# ----------------------------------------------------------------- markup

_MARKUP_CHARACTERS = frozenset("<>[]{}|*_`\\^#")
_ITEM = re.compile(r"\s*(?:[-–—+•·>~]|\(?\d{1,2}[.)]|\(?[a-zA-Z]\)|\(?[ivx]{1,4}[.)])\s+(?=\S)")
"""The mark of an item of a list."""
_MARKUP = re.compile(
    r"^[a-zA-Z]\.\s"
    r"|~{2,}|-{3,}|={2,}|\.{4,}"
    r"|\b(?:end_?of_?(?:text|turn)|im_(?:end|start)|eo[st]_?(?:id|token)?|endoftext|bos|"
    r"start_of_turn)\b"
    r"|â€|Ã[\u0080-¿]|[ĠĊĉ]"  # bytes that were not decoded
    r"|(?:https?://|www\.)"
    r"|&(?:[a-z]+|#\d+);|\s/s$"
    r"|\"\"|“”|\(\s*\)",
    re.IGNORECASE,
)
_ODD_END = re.compile(
    r"[.!?…][\"'”’)]?\s+[^\w\s]+$"  # marks alone behind a sentence
    r"|\.[\"'”’]?[.!?…]+$"
    r"|[^\w\s.!?…\"'”’»)\]}%°€$£¢¥½¼¾⅓⅔⅛⅜⅝⅞′″@&]+$"
)
"""What no sentence ends with: two marks, or one that leads to something."""


def has_markup(source: str, rewrite: str) -> bool:
    """True if a rewrite holds leftovers of a format that its source does not have.

    Special tokens and tags (`</s>`, `[END]`), Markdown, the mark of a list's item, placeholders in
    brackets, and an end that no sentence has.
    """
    marks = Counter(c for c in rewrite if c in _MARKUP_CHARACTERS)
    marks["#"] -= len(re.findall(r"#\d", rewrite))
    if +(marks - Counter(source)):
        return True
    spelled = {match.group().strip().casefold() for match in _MARKUP.finditer(rewrite)}
    if any(mark not in source.casefold() for mark in spelled):
        return True
    odd_end = _ODD_END.search(without_dots(rewrite).replace("...", "…"))
    if odd_end and not source.endswith(odd_end.group()):
        return True
    return bool(_ITEM.match(rewrite)) and not _ITEM.match(source)


# ----------------------------------------------------------------- marks in pairs

_BRACKETS = {"(": ")", "[": "]", "{": "}", "“": "”", "«": "»"}
_ELISION = re.compile(
    r"['’‘](?=(?:t(?:was|is|were|ill?)|em|cause|bout|round|n|cos|cuz|neath|gainst|\d\ds?)\b)",
    re.IGNORECASE,
)

_LEFT_OUT = re.compile(r"(?:[sxz]|in|\d|\b(?:o|ol|lil|th|an|wi|po|mo|n))\Z", re.IGNORECASE)
"""What an apostrophe at the end of a word may follow: dogs', goin', ol'."""


def has_lone_mark(text: str) -> bool:
    """True if a quotation mark or a bracket has no partner.

    Apostrophes are no quotation marks ('twas, dogs', '90s), nor are the marks of feet and inches
    (5'10").
    """
    return _has_lone_bracket(text) or _has_lone_straight_quote(text) or _has_lone_single_quote(text)


def _has_lone_bracket(text: str) -> bool:
    open_: list[str] = []
    for character in text:
        if character in _BRACKETS:
            open_.append(_BRACKETS[character])
        elif character in _BRACKETS.values() and (not open_ or open_.pop() != character):
            return True
    return bool(open_)


def _has_lone_straight_quote(text: str) -> bool:
    open_ = False
    for index, character in enumerate(text):
        if character != '"':
            continue
        before, after = text[:index][-1:], text[index + 1 : index + 2]
        if not open_ and before.isdecimal():
            continue  # inches
        may_open = (not before or not before.isalnum()) and after.strip() != ""
        if not open_ and not may_open:
            return True
        if open_ and after.isalnum() and (before.isspace() or not before):
            return True
        open_ = not open_
    return open_


def _has_lone_single_quote(text: str) -> bool:
    text = _ELISION.sub("", text)
    open_ = 0
    for match in re.finditer(r"['’‘]", text):
        before, after = text[: match.start()][-1:], text[match.end() :][:1]
        mark = match.group()
        if before.isalnum() and after.isalnum():
            continue  # don't, 5'10
        if mark == "‘" or (mark == "'" and not before.isalnum() and after.isalnum()
                           and before not in tuple(".,!?")):  # fmt: skip
            open_ += 1
        elif open_:
            open_ -= 1
        elif not _LEFT_OUT.search(text, 0, match.start()):
            return True  # it closes nothing, and no letter is left out before it
    return open_ > 0
