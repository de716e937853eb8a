"""Texts to compare encoders on: questions, and everything that a tokenizer may stumble over."""
import json

LONG_WORD = "pneumonoultramicroscopicsilicovolcanoconiosis"

SIGNS = "abcxyz(){}[]<>=+-*/%;:,.\"' \n\t0123456789_"
ODD_CHARACTERS = (
    "\u0000\u0009\u000a\u0085\u00a0\u00ad\u0300\u0600\u061c\u070f\u180e"
    "\u200b\u2028\u205f\u2060\u3000\ud7a3\ufeff\uffff")

PHRASES = [
    "How do I reset my password?", "Why is the sky blue", "caf\xe9 r\xe9sum\xe9 na\xefve",
    "cafe\u0301 re\u0301sume\u0301", "STRASSE stra\xdfe Stra\u1e9ee", "\u0130stanbul \u0131\u015f\u0131k",
    "\u03a3\u039f\u03a6\u039f\u03a3 \u03c3\u03bf\u03c6\u03cc\u03c2",
    "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! \u0419\u0451\u0436",
    "\u4e2d\u6587\u5b57\u7b26\u4e2d\u6587 mixed \u4e2d",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8\u3067\u3059\u3002", "\uff76\uff9e\u30ac\u30ab\u3099",
    "\ud55c\uad6d\uc5b4 \ubb38\uc7a5\uc785\ub2c8\ub2e4", "\u1112\u1161\u11ab\u1100\u1173\u11af",
    "\u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd",
    "\u0627\u0644\u0639\u064e\u0631\u064e\u0628\u0650\u064a\u0651\u0629\u061f",
    "\u0939\u093f\u0928\u094d\u0926\u0940 \u092d\u093e\u0937\u093e\u0964",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22",
    "\U0001f600 smile \U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "\xa1Hola! \xbfQu\xe9 tal?", "zero\u200bwidth\u200djoin\ufeff bom \xad soft",
    "tab\tnew\nline\r\nform\x0cfeed\x0bvt", "nul\x00 bell\x07 del\x7f esc\x1b[0m",
    "nbsp\xa0here\u2003em\u3000ideographic\u2028line\u2029par", "\x85next", "\u202eright to left\u202c",
    "\ufffd replaced \ufffe", "[CLS] hello [SEP] world [MASK][PAD][UNK]", "[cls] [SEP [MASK]] x[SEP]y [unused1]",
    "\uff21\uff22\uff23 \uff01\uff1f full width", "\u2160\u2161\u2162 \u2460\u2461 \xbd \xb2\xb3",
    "\u0130\u0131\ufb01\ufb02\u01c5\u01c4", "\u1e9b\u0323 \u212b \u2126 \u212a",
    "$9.99 \u20ac5 \xa33 #hash @user a_b-c.d/e\\f^g`h|i~j", "def f(x):\n    return x ** 2  # square\n",
    "{\"key\": [1, 2.5e-3, null]}", "https://example.com/a?b=c&d=%20#frag user@example.org",
    "SELECT * FROM t WHERE a <> 'b';", "<p class=\"x\">&amp;</p>",
    "\U00020000\U0002a6d6\U0002b820\U0002b920 \uf900\ufa0e \U0002f800", "\u3402\u4dbf\u4e00\u9fff",
    "\U0001d400\U0001d7ce \U0001d15e\U0001d165", "\U000e0041\U000e0020\ue000\U000f0000",
    "\u0378\u0379 unassigned \U0001fadf\u0897\U00011241", "\u302e\u302f\u0345\u1ab0\u20d0",
    "a\u0300\u0301\u0302\u0303b", "\u10a0\u2d00\u13a0\uab70\u1c80\u1c88\ua7c0",
    "\u0149\u01f0\u0390\u1f82\u1fb3\u1ff3", "\xc6\u0152\xd8\u0110\u0141\xde\xd0",
    "don't won't it's \u2019quoted\u2019 \u201cx\u201d", "...!!!???---___", "1,234,567.89", "3rd 2nd 20th 1990s",
    "C++ C# F# .NET", "\xb5m \xb0C \u03a9", "x\u0338\u20d2y",
]


def odd():
    """The phrases, and texts of unusual lengths."""
    return PHRASES + [
        "", " ", "\n\t ", "\x00", "\u0301", "a", ".", "\U0001f600", "a" * 99, "a" * 100, "a" * 101, "\u00e9" * 100,
        "e\u0301" * 101, "b" * 5_000, LONG_WORD, "the " * 30, "!" * 30, "\u4e2d" * 30, "unaffable", "passwords",
        "passwording", "wordword", "q\u0301\u0302" * 40,
    ] + [character * 2 + "a" for character in ODD_CHARACTERS]


def mixtures(random, count):
    """Phrases cut at random places and put together, with scalars of any kind between them."""
    def scalar():
        number = random.choice([
            random.randrange(0x20, 0x250), random.randrange(0x250, 0x3000), random.randrange(0x3000, 0xD800),
            random.randrange(0xE000, 0x20000), random.randrange(0x110000)])
        return "" if 0xD800 <= number < 0xE000 else chr(number)

    def part():
        phrase = random.choice(PHRASES)
        start = random.randrange(len(phrase))
        return phrase[start : start + random.randrange(1, 20)]

    def mixture():
        return "".join(random.choice([part, part, scalar, lambda: " "])() for _ in range(random.randrange(2, 12)))

    return [mixture() for _ in range(count)]


def varied(random, count, questions):
    """`count` texts: questions while there are some, at most 6 of 10, and the others in equal parts of four kinds."""
    chosen = odd()
    chosen += random.sample(questions, min(len(questions), count * 6 // 10))
    words = " ".join(questions or PHRASES).split()
    while len(chosen) < count:
        left = count - len(chosen)
        chosen += mixtures(random, 1 + left // 8)
        # Up to twice as long as the model takes.
        chosen += [" ".join(random.choices(words, k=random.randrange(20, 400))) for _ in range(1 + left // 16)]
        chosen += [" ".join(random.choices(words, k=random.randrange(1, 4))) for _ in range(1 + left // 16)]
        chosen += ["".join(random.choices(SIGNS, k=random.randrange(1, 200))) for _ in range(1 + left // 16)]
    return chosen[:count]


def questions(path):
    """The texts of a file that has one in each line: a JSON string, an object with `text`, or plain."""
    if not path:
        return []
    found = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            try:
                value = json.loads(line)
            except ValueError:
                value = line
            found.append(value["text"] if isinstance(value, dict) else str(value))
    return found
