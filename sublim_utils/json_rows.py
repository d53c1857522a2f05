"""Rows of JSON as people have them: JSON lines, or an array, from a file or a pipe.

They are read one at a time, however many there are. A row that cannot be read is named, and the
next one follows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, BinaryIO, NamedTuple

from sublim_utils.errors import SublimError

_CHUNK = 2**16
_BOM = b"\xef\xbb\xbf"
_OTHER_FORMATS = (
    (b"\xff\xfe", "is in UTF-16; convert it: iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "is in UTF-16; convert it: iconv -f UTF-16 -t UTF-8"),
    (b"{\0", "is in UTF-16; convert it: iconv -f UTF-16LE -t UTF-8"),
    (b"[\0", "is in UTF-16; convert it: iconv -f UTF-16LE -t UTF-8"),
    (b"\0{", "is in UTF-16; convert it: iconv -f UTF-16BE -t UTF-8"),
    (b"\0[", "is in UTF-16; convert it: iconv -f UTF-16BE -t UTF-8"),
    (b"\x1f\x8b", "is compressed; unpack it with gunzip"),
    (b"\x28\xb5\x2f\xfd", "is compressed; unpack it with unzstd"),
    (b"PK\x03\x04", "is a zip archive; unpack it"),
    (b"PAR1", "is a parquet file; write it as JSON lines: "
     'pandas.read_parquet(…).to_json(…, orient="records", lines=True)'),
)  # fmt: skip
"""By the first bytes of a file, what it is and what to do."""


class JsonRow(NamedTuple):
    """A row, or why it cannot be read.

    Attributes:
        name: where it stands, such as "Line 3 of data.jsonl".
        written: its bytes, on one line and without the line's end.
        content: its fields; None where it cannot be read.
        fault: what is wrong, to stand behind the name; empty where nothing is.
    """

    name: str
    written: bytes
    content: dict[str, Any] | None
    fault: str = ""


def read_rows(stream: BinaryIO, source: str) -> Iterator[JsonRow]:
    """The rows of JSON lines (blank ones are passed over), or of one JSON array.

    Args:
        stream: the bytes; a byte order mark of UTF-8 may stand first.
        source: what the stream is called in messages.

    Raises:
        SublimError: it is not JSON in UTF-8 but a format that is easily told.
    """
    head = b""
    while len(head.lstrip()) < 4 and (more := stream.read1(_CHUNK)):  # type: ignore[attr-defined]
        head += more
    for mark, advice in _OTHER_FORMATS:
        if head.startswith(mark):
            where = "Standard input" if source == "stdin" else source
            raise SublimError(f"{where} {advice}.")
    head = head.removeprefix(_BOM)
    if head.lstrip().startswith(b"["):
        inside = head.lstrip()[1:]
        chunks = chain([inside], iter(lambda: stream.read(_CHUNK), b""))
        yield from _rows_of_array(chunks, source)
        return
    for number, line in enumerate(_lines(head, stream), 1):
        written = line.rstrip(b"\r\n")
        if written.strip():
            yield _read(f"Line {number} of {source}", written)


def _lines(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    *whole, begun = head.split(b"\n")
    yield from whole
    if begun:
        yield begun + stream.readline()
    yield from stream


def _read(name: str, written: bytes) -> JsonRow:
    try:
        content = json.loads(written.decode(), parse_float=_finite)
    except UnicodeDecodeError as error:
        return JsonRow(name, written, None, f"is no JSON: byte {error.start + 1} is no UTF-8")
    except (ValueError, RecursionError) as error:
        return JsonRow(name, written, None, f"is no JSON: {error}")
    if not isinstance(content, dict):
        return JsonRow(name, written, None, "is no JSON object, which stands in braces")
    return JsonRow(name, written, content)


def _finite(written: str) -> float:
    value = float(written)
    if math.isinf(value):
        raise ValueError(f"the number {written[:40]} is too large")
    return value


# ----------------------------------------------------------------- an array

_MARK = re.compile(rb'\\.|["\[\]{},]', re.DOTALL)


def _rows_of_array(chunks: Iterable[bytes], source: str) -> Iterator[JsonRow]:
    number = 0
    elements = _elements(chunks)
    for written, end in elements:
        number += bool(written) or end != b"]"
        name = f"Row {number} of {source}"
        if end == b"":
            yield JsonRow(name, written, None, "is cut off: the array has no end")
        elif written or end == b",":
            yield _read(name, written)
        if end == b"]":
            break
    rest = next(elements, (b"", b""))[0]
    if rest:
        yield JsonRow(f"What follows the array in {source}", rest, None, "is not read")


def _elements(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Each element of an array of which the bracket is read, and what ends it: "," or "]".

    Last comes what stands behind the array, if anything does, with nothing as its end; or, of an
    array that is not closed, its last element.
    """
    element = bytearray()
    depth, quoted, closed = 0, False, False
    for chunk in _without_split_escapes(chunks):
        begin = 0
        for match in () if closed else _MARK.finditer(chunk):
            mark = match.group()
            if mark == b'"':
                quoted = not quoted
            elif quoted or len(mark) > 1:
                continue
            elif mark in b"[{":
                depth += 1
            elif depth and mark in b"]}":
                depth -= 1
            elif depth == 0:
                yield _on_one_line(element + chunk[begin : match.start()]), mark
                element.clear()
                begin = match.end()
                if mark != b",":
                    closed = True
                    break
        element += chunk[begin:]
    if not closed or element.strip():
        yield _on_one_line(element), b""


def _without_split_escapes(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes, in chunks of which none ends with a backslash."""
    kept = b""
    for chunk in chunks:
        kept += chunk
        if not kept.endswith(b"\\"):
            yield kept
            kept = b""
    yield kept


def _on_one_line(element: bytearray) -> bytes:
    """Line breaks stand between the parts of JSON only, where a space does as well."""
    return bytes(element).strip().replace(b"\r", b" ").replace(b"\n", b" ")


# ----------------------------------------------------------------- texts in a row

_ROLES = {"human": "user", "gpt": "assistant"}


def text_of(value: Any) -> str | None:
    """The text that a field holds: as it is, as the parts of a message, or as its last message."""
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not value or not all(isinstance(v, Mapping) for v in value):
        return None
    if all("text" in part for part in value):
        texts = [part["text"] for part in value]
        return "".join(texts) if all(isinstance(text, str) for text in texts) else None
    return text_of(value[-1].get("content"))


def in_conversation(row: Mapping[str, Any]) -> dict[str, str]:
    """The last answer in a row's `messages` and the question before it, as they are found.

    Messages are those of OpenAI (`role`, `content`) or, in `conversations`, those of ShareGPT
    (`from`, `value`).

    Returns:
        `completion` and `prompt`; without what there is not.
    """
    messages = row.get("messages", row.get("conversations"))
    texts: dict[str, str] = {}
    for message in reversed(messages) if isinstance(messages, list) else ():
        if not isinstance(message, Mapping):
            return {}
        role = message.get("role", message.get("from"))
        text = text_of(message.get("content", message.get("value")))
        wanted = "prompt" if "completion" in texts else "completion"
        if _ROLES.get(str(role), role) == {"prompt": "user", "completion": "assistant"}[wanted]:
            if text is None:
                return texts
            texts[wanted] = text
            if wanted == "prompt":
                break
    return texts
