"""Sizes of batches, chunks and answers, which measuring and planning share."""

from __future__ import annotations

MOST_ROWS = 128
"""Rows of a sampled batch on the CPU, beyond which larger products are no faster."""
MOST_ROWS_CUDA = 2048
"""Rows of a sampled batch on a GPU."""
MEMORY_SHARE = {"cpu": 0.2, "cuda": 0.35}
"""Share of the free memory that a sampled batch may take, by device."""
LOGITS_COPIES = 5
"""Copies of the logits in fp32 that a loss or a draw makes."""
CHUNK = {"cpu": 128, "cuda": 512}
"""Positions whose logits are in memory at once, by device."""
PREFERENCE_TOKENS = 8
"""Of a sampled answer that names a favourite."""
OPEN_ANSWER_TOKENS = 40
"""Of a sampled answer to an open question: twice the length of the written ones."""
