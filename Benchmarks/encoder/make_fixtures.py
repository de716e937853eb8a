#!/usr/bin/env python3
"""Writes Tests/Fixtures/tokens: a small vocabulary, and what the original tokenizer makes of odd texts with it.

Needed only when the original or the texts change. In the environment that `run` makes:

    .build/benchmarks/encoder/python/bin/python Benchmarks/encoder/make_fixtures.py
"""
import json
import pathlib
import random

import tokenizers
from tokenizers import models, normalizers, pre_tokenizers, processors

import texts

OUT = pathlib.Path(__file__).resolve().parents[2] / "Tests/Fixtures/tokens"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def vocabulary():
    """Letters of many scripts, as words and as pieces, and some longer pieces."""
    letters = [chr(number) for number in range(0x21, 0x7F) if not chr(number).isupper()]
    letters += [chr(number) for first, last in (
        (0xDF, 0x100), (0x131, 0x132), (0x3B1, 0x3CA), (0x430, 0x450), (0x5D0, 0x5EB), (0x627, 0x64B),
        (0x905, 0x93A), (0xE01, 0xE2F), (0x1100, 0x1113), (0x1161, 0x1176), (0x11A8, 0x11C3), (0x3041, 0x3097),
        (0x30A1, 0x30FB)) for number in range(first, last)]
    letters += list("\u4e2d\u6587\u5b57\u8c48\u20ac\u00a3\u2026\u2014\u201c\u201d\u00bf\u3002\uff01\U0001f600")
    words = ["the", "how", "what", "pass", "##word", "word", "##ing", "##s", "un", "##able", "aff", "hello", "world",
             "cafe", "resume", "naive", "strasse", "2023", "##00", "20", "e", "##e", "na", "##ive",
             "\u043f\u0440\u0438", "##\u0432\u0435\u0442", "\u03c3\u03bf\u03c6", "##\u03c3", "\u1112\u1161\u11ab",
             "##\u1100\u1173\u11af"]
    pieces = ["##" + letter for letter in letters if letter.isalnum()]
    # The order decides the numbers, so it is fixed; lines that occur twice occur once.
    return list(dict.fromkeys(SPECIAL + letters + pieces + words + ["caf\u00e9", "[unused1]", "##"]))


def original(words):
    tokenizer = tokenizers.Tokenizer(models.WordPiece(
        {word: number for number, word in enumerate(words)}, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", words.index("[SEP]")), ("[CLS]", words.index("[CLS]")))
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def main():
    words = vocabulary()
    tokenizer = original(words)
    chosen = texts.odd() + texts.mixtures(random.Random(5), 120)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    with open(OUT / "texts.jsonl", "w", encoding="ascii") as file:
        for text in chosen:
            file.write(json.dumps({"text": text, "identifiers": tokenizer.encode(text).ids}) + "\n")
    print(f"{OUT}: {len(words)} pieces, {len(chosen)} texts, tokenizers {tokenizers.__version__}")


if __name__ == "__main__":
    main()
