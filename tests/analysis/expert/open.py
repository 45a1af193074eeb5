"""Rows of `runs.md` that the program does not give yet, by what is missing. A row that it gives leaves this list."""

MISSING: dict[str, tuple[str, ...]] = {
    "a machine costs its hours only in METHOD, and there is no --tariff": (
        "dearer and better, shared",
        "dearer and better, kept up",
        "one answer of 200 seconds",
        "a ladder of three",
        "wanted for one month",
        "two per cent of the value",
    ),
    "what lies within the margin is chosen by its significance": (
        "two points, however significant",
        "simplest of those near the best",
        "lora+rag two points above rag",
        "360 times dearer for two points",
        "a tie without prices",
        "alike by f1",
    ),
    "what failed a check counts as beaten": (
        "untrained adapter",
        "training that learnt nothing",
        "leak",
        "retriever broken",
        "answers cut",
        "base never ends",
        "questions cut by the embedder",
        "a leak takes out examples too",
        "empty answers",
        "adapter that changes nothing",
    ),
    "lists and long replies fail, and what failed counts as beaten": (
        "lists all candidates",
        "rambles",
    ),
    "what does not beat the best constant reply is recommended": (
        "the best always refuses",
        "nobody beats the majority label",
    ),
    "facts that training did not hold do not reach the first sentence or the value": (
        "lora knows what it was taught",
        "and the facts change daily",
        "monthly, at $2 an error",
    ),
    "the training seed takes no part in the verdict": (
        "lora clear",
        "three seeds far apart",
    ),
    "fewer than six groups are called too few questions, identical questions count each": (
        "four documents",
        "five documents",
    ),
    "controls stand in Holm's family": ("the lead is real, its size is not",),
    "the first sentence does not say who it is open between": (
        "three points that may be seven",
        "as accurate on other questions",
        "open at a dollar an error",
        "open, and one not judged",
    ),
    "a sentence says that 0.0 % are still wrong": ("all wrong",),
}
OPEN = {name: why for why, names in MISSING.items() for name in names}
