#!/usr/bin/env python3
"""Reads off the original tokenizer what it does with each Unicode scalar, and writes ScalarTables.swift.

Needed only when the original changes. In the environment that `run` makes:

    .build/benchmarks/encoder/python/bin/python Benchmarks/encoder/make_tables.py
"""
import pathlib
import textwrap

import tokenizers

OUT = pathlib.Path(__file__).resolve().parents[2] / "Sources/TextEmbedding/Tokens/ScalarTables.swift"
SCALARS = [number for number in range(0x110000) if not 0xD800 <= number < 0xE000]
HANGUL = range(0xAC00, 0xD7A4)
NORMALIZER = tokenizers.normalizers.BertNormalizer()
SPLITTER = tokenizers.pre_tokenizers.BertPreTokenizer()


def is_punctuation(character):
    return len(SPLITTER.pre_tokenize_str(f"a{character}a")) == 3


def decomposed(number):
    index = number - HANGUL.start
    parts = [0x1100 + index // 588, 0x1161 + index % 588 // 28, 0x11A7 + index % 28]
    return "".join(map(chr, parts[: 3 if index % 28 else 2]))


def runs(numbers):
    """Ascending numbers as first and last of what lies together."""
    found = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def range_text(first, last):
    return f"{first:X}" if first == last else f"{first:X}-{last:X}"


def ranges(numbers):
    return " ".join(range_text(first, last) for first, last in runs(numbers))


def foldings(folded):
    """Runs that fold to runs are put together."""
    words, pending = [], None  # first, last, target of first

    def flush():
        if pending:
            words.append(f"{range_text(pending[0], pending[1])}>{pending[2]:X}")

    for number, text in folded:
        if len(text) > 1:
            flush()
            pending = None
            words.append(f"{number:X}>" + ",".join(f"{ord(part):X}" for part in text))
        elif pending and pending[1] == number - 1 and ord(text) == pending[2] + number - pending[0]:
            pending[1] = number
        else:
            flush()
            pending = [number, number, ord(text)]
    flush()
    return " ".join(words)


def table(name, comment, text):
    lines = textwrap.wrap(text, 112, break_on_hyphens=False, break_long_words=False)
    body = "\n".join("        " + line for line in lines)
    return f'    /// {comment}\n    static let {name} = """\n{body}\n        """\n'


def main():
    dropped, spaces, apart, folded, punctuation = [], [], [], [], []
    for number in SCALARS:
        character = chr(number)
        # Between letters, so that nothing is trimmed.
        text = NORMALIZER.normalize_str(f"a{character}a")[1:-1]
        if text == "":
            dropped.append(number)
        elif text == " ":
            spaces.append(number)
        elif text != character:
            if text[0] == text[-1] == " ":
                apart.append(number)
                text = text[1:-1]
            if number in HANGUL:
                assert text == decomposed(number), hex(number)
            elif text != character:
                folded.append((number, text))
        assert " " not in text.strip() and len(text) < 16, hex(number)
        if is_punctuation(character):
            punctuation.append(number)
        elif number not in dropped[-1:] + spaces[-1:]:
            assert len(SPLITTER.pre_tokenize_str(f"a{text}a")) == 1 or any(map(is_punctuation, text)), hex(number)
    source = f"""/// What the original tokenizer does with each Unicode scalar, read off tokenizers {tokenizers.__version__} by
/// `Benchmarks/encoder/make_tables.py`, which also says how to make this file again.
///
/// `A-B` or `A` is a range of scalars, `A-B>C` one that becomes the one from C on, `A>C,D` a scalar that becomes
/// several. Hangul syllables are left out: they become their letters by a formula.
enum ScalarTables {{
{table("dropped", "Control, format and private characters, and marks that take no space.", ranges(dropped))}
{table("spaces", "What separates words.", ranges(spaces))}
{table("apart", "Chinese characters: each is a word.", ranges(apart))}
{table("punctuation", "Each is a word.", ranges(punctuation))}
{table("folded", "To lower case and without accents.", foldings(folded))}}}
"""
    OUT.write_text(source, encoding="utf-8")
    print(f"{OUT}: {len(dropped)} dropped, {len(spaces)} spaces, {len(apart)} apart, {len(punctuation)} punctuation, "
          f"{len(folded)} folded, {source.count(chr(10))} lines")


if __name__ == "__main__":
    main()
