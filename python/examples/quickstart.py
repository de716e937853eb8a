"""Look up, and store what was computed: `python quickstart.py [address]`, beside a running service."""

import sys

# example
from semblance import Client, Insertion, Lookup


def answer(cache: Client, question: str, embedding: list[float]) -> str:
    found = cache.lookup("support", Lookup(vector=embedding, threshold=0.9))
    if found.text is not None:
        return found.text
    text = f"An answer to {question}"  # ask the model here
    cache.insert("support", Insertion(text, vector=embedding, prompt=question, lease=found.lease))
    return text


# end of the example

if __name__ == "__main__":
    with Client(sys.argv[1] if len(sys.argv) > 1 else "127.0.0.1:7707") as cache:
        print(answer(cache, "How do I get a refund?", [1.0, 0.5, -0.25]))
        print(answer(cache, "How can I get my money back?", [1.0, 0.5, -0.2]))
