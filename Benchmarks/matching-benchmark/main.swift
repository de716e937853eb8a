import PromptMatching
print(GuardSet().verdict(PromptText("a"), PromptText("b")))
