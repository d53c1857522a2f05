"""Rows that somebody has are read from files, tables and data sets, and written back."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from datasets import Dataset
from hypothesis import given, strategies as st

import sublim_utils as sl
from sublim_utils.rows.given_rows import read_given

pytestmark = pytest.mark.usefixtures("own_store")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "First?"},
    {"role": "assistant", "content": "One."},
    {"role": "user", "content": "Go on: 1"},
    {"role": "assistant", "content": "2"},
]


def written(folder: Path, *rows: Any) -> Path:
    file = folder / "rows.jsonl"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return file


def pairs(file: Path) -> list[tuple[str, str]]:
    table = read_given(file)
    return list(zip(table["question"], table["text"], strict=True))


@pytest.mark.parametrize(
    "row",
    [
        {"prompt": "Go on: 1", "completion": "2"},
        {"question": "Go on: 1", "answer": "2", "other": 3},
        {"instruction": "Go on: 1", "output": "2"},
        {"messages": MESSAGES},
        {"conversations": [{"from": "human", "value": "Go on: 1"}, {"from": "gpt", "value": "2"}]},
        {"prompt": MESSAGES[:-1], "completion": MESSAGES[-1:]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "Go on: 1"}]},
                      {"role": "assistant", "content": [{"type": "text", "text": "2"}]}]},
    ],
)  # fmt: skip
def test_rows_of_all_usual_forms_are_read(row: dict[str, Any], tmp_path: Path) -> None:
    assert pairs(written(tmp_path, row)) == [("Go on: 1", "2")]
    frame = pd.DataFrame([row])
    frame.to_parquet(tmp_path / "rows.parquet")
    assert pairs(tmp_path / "rows.parquet") == [("Go on: 1", "2")]


def test_a_dataset_and_a_table_are_kept_in_the_store(own_store: Path) -> None:
    columns = {"prompt": ["a", "b"], "completion": ["1", "2"]}
    for data in (Dataset.from_dict(columns), pd.DataFrame(columns)):
        rows = sl.Given(data)
        assert rows.file.is_relative_to(own_store)
        assert pairs(rows.file) == [("a", "1"), ("b", "2")]
        assert sl.Given(data).key(0) == rows.key(0)


def test_rows_with_one_prompt_are_its_completions(tmp_path: Path) -> None:
    rows = [("b", "1"), ("a", "2"), ("b", "3"), ("b", "1")]
    table = read_given(written(tmp_path, *({"prompt": p, "completion": c} for p, c in rows)))
    numbered = table[["prompt", "completion", "question", "text"]].to_numpy().tolist()
    assert numbered == [[0, 0, "b", "1"], [0, 1, "b", "3"], [0, 2, "b", "1"], [1, 0, "a", "2"]]


def test_a_byte_order_mark_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"prompt": "a", "completion": "1"}\r\n\n\n')
    assert pairs(file) == [("a", "1")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no rows in"),
        (b"\n \n", "no rows in"),
        (b"[]", "no rows in"),
        (b"{", "Line 1 of rows.jsonl is no JSON"),
        (b"3\n", "Line 1 of rows.jsonl is no JSON object"),
        (b'{"prompt": "a"}', "Line 1 of rows.jsonl has no answer"),
        (b'{"completion": "a"}', "has no question"),
        (b'{"prompt": "a", "completion": 3, "text": "b"}', "has no answer that is a text"),
        (b'{"prompt": "a", "completion": "", "text": "b"}', "has no answer"),
        (b'{"source": "wikipedia", "text": "b"}', "has no question"),
        (b'{"messages": [{"role": "assistant", "content": "b"}], "prompt": "a"}', "no question"),
        (b'{"instruction": "Sum up", "input": "A text", "output": "b"}', "has an input beside"),
        (rb'{"prompt": "a", "completion": "\ud83e"}', r"half of a character ('\ud83e')"),
        (b'{"prompt": "a", "completion": ""}', "has no answer"),
        (b'{"prompt": 3, "completion": "a"}', "has no question"),
        (b'{"prompt": "a", "completion": null}', "has no answer"),
        (b'{"prompt": "a", "completion": "1"}\n{"messages": []}', "Line 2 of rows.jsonl has no"),
        (b'{"messages": [{"role": "user", "content": "a"}]}', "has no"),
        (b'{"messages": "hello"}', "has no"),
        (b'{"messages": [1, 2]}', "has no"),
        (gzip.compress(b'{"prompt": "a", "completion": "1"}', mtime=0), "is compressed; unpack it"),
        ('{"prompt": "a"}'.encode("utf-16"), "is in UTF-16"),
        (b'{"prompt": "\xff", "completion": "1"}', "no UTF-8"),
        (b"PAR1", "is a parquet file"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_sentence(
    content: bytes, message: str, tmp_path: Path
) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_bytes(content)
    with pytest.raises(sl.SublimError, match=re.escape(message)) as fault:
        sl.Given(file)
    assert "\n" not in str(fault.value)


def test_a_file_that_went_away_is_one_sentence(tmp_path: Path) -> None:
    rows = sl.Given(written(tmp_path, {"prompt": "a", "completion": "1"}))
    rows.file.unlink()
    for use in (lambda: sl.table(rows), lambda: rows.key(0)):
        with pytest.raises(sl.SublimError, match="There is no file"):
            use()


def test_what_cannot_be_kept_leaves_nothing(own_store: Path) -> None:
    with pytest.raises(sl.SublimError, match="cannot be kept as parquet"):
        sl.Given(pd.DataFrame({"prompt": ["a", 1], "completion": ["b", "c"]}))
    assert not [*(own_store / "given").iterdir()]


def test_a_damaged_parquet_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "rows.parquet"
    for content in (b"", b"PAR1 and no more"):
        file.write_bytes(content)
        with pytest.raises(sl.SublimError, match="cannot be read as parquet") as fault:
            read_given(file)
        assert "\n" not in str(fault.value)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1))
def test_texts_are_read_as_they_were_written(rows: list[tuple[str, str]]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = written(Path(folder), *({"prompt": p, "completion": c} for p, c in rows))
        assert sorted(pairs(file)) == sorted(rows)


def test_kept_rows_go_out_and_come_back(tmp_path: Path) -> None:
    rows = sl.sample(sl.Untouched(sl.Base("random")), "sentences", prompts=3, each=2)
    table = sl.table(rows)
    assert len(table) == 6
    assert list(table) == ["prompt", "completion", "rejection_reasons"]
    rejected = table["rejection_reasons"].map(len) > 0
    assert rejected.any()
    everything = sl.to_dataset(rows, kept_only=False)
    assert everything.column_names == ["prompt", "completion", "rejection_reasons"]
    assert len(everything) == 6
    numbers = sl.sample(sl.Untouched(sl.Base("random")), prompts=3, each=2)
    file = sl.to_jsonl(numbers, tmp_path / "rows.jsonl")
    kept = sl.table(numbers, kept_only=True)
    assert len(kept)
    assert [*map(json.loads, file.read_text().splitlines())] == kept[
        ["prompt", "completion"]
    ].to_dict("records")
    again = sl.table(sl.Given(file))
    assert again["completion"].tolist() == kept["completion"].tolist()
    assert sl.to_dataset(numbers).column_names == ["prompt", "completion"]


def test_where_nothing_can_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    rows = sl.sample(sl.Untouched(sl.Base("random")), prompts=1, each=1)
    with pytest.raises(sl.SublimError, match="Cannot write"):
        sl.to_jsonl(rows, tmp_path / "file" / "rows.jsonl")
