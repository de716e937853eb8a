"""A BERT of made-up weights in a folder, so that the gateway's own encoder runs in a debug build in no time."""
import json
import random
import struct

WORDS = ["how", "do", "i", "reset", "my", "password", "refund", "policy", "?", "a", "b", "c"]
DIMENSION, MAXIMUM_TOKENS = 32, 24


def write_encoder(folder):
    folder.mkdir()
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + WORDS
    intermediate, positions = 48, 40
    (folder / "config.json").write_text(json.dumps({
        "model_type": "bert", "hidden_act": "gelu", "vocab_size": len(vocabulary), "num_hidden_layers": 1,
        "hidden_size": DIMENSION, "num_attention_heads": 2, "intermediate_size": intermediate,
        "max_position_embeddings": positions, "type_vocab_size": 2, "layer_norm_eps": 1e-12}))
    (folder / "sentence_bert_config.json").write_text(json.dumps(
        {"max_seq_length": MAXIMUM_TOKENS, "do_lower_case": False}))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n")
    layer, hidden = "encoder.layer.0.", DIMENSION
    shapes = {"embeddings.word_embeddings.weight": [len(vocabulary), hidden],
              "embeddings.position_embeddings.weight": [positions, hidden],
              "embeddings.token_type_embeddings.weight": [2, hidden]}
    for name, columns, depth in [
            ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
            ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
            ("intermediate.dense", intermediate, hidden), ("output.dense", hidden, intermediate)]:
        shapes |= {layer + name + ".weight": [columns, depth], layer + name + ".bias": [columns]}
    for name in ["embeddings.", layer + "attention.output.", layer + "output."]:
        shapes |= {name + "LayerNorm.weight": [hidden], name + "LayerNorm.bias": [hidden]}
    header, numbers, source = {}, b"", random.Random(1)
    for name, shape in shapes.items():
        count = shape[0] * (shape[1] if len(shape) > 1 else 1)
        start = len(numbers)
        numbers += struct.pack(f"<{count}f", *(source.uniform(-0.5, 0.5) for _ in range(count)))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [start, len(numbers)]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + numbers)
