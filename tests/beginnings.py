"""A tokenizer that puts a token in front of every text, as those of many base models do."""

import json
from pathlib import Path


def let_texts_begin(folder: Path, token: str, number: int) -> None:
    """Let the tokenizer of a model's folder begin every text with a token of its vocabulary."""
    path = folder / "tokenizer.json"
    told = json.loads(path.read_text())
    first = {"SpecialToken": {"id": token, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    told["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [first, text],
        "pair": [first, text, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {token: {"id": token, "ids": [number], "tokens": [token]}},
    }
    path.write_text(json.dumps(told))
