"""What can be wrong with a run, done to one in which nothing is: each makes one check fail, or warn."""

from __future__ import annotations

from collections.abc import Callable

from tests.analysis.races import N, Run, rows_of


def idle_adapter(run: Run) -> None:
    """The adapter was trained, and yet answers as the base does (it was never attached)."""
    for row, base in zip(rows_of(run, "lora"), rows_of(run, "base"), strict=True):
        row["prediction"] = base["prediction"]


def empty_adapter(run: Run) -> None:
    run["manifest"]["adapters"][0]["logit_shift"] = 0.0


def untrained(run: Run) -> None:
    run["manifest"]["adapters"][0]["train_fit"] = 0.02


def other_prompts(run: Run) -> None:
    rows_of(run, "lora")[3]["prompt_sha256"] = "other"


def leaked(run: Run) -> None:
    run["training"][0]["question"] = "  WHO is the keeper of the anchor since last winter"


def leaked_nearly(run: Run) -> None:
    run["training"][0]["question"] = "Since last winter, who is the keeper of the anchors?"


def leaked_into_dev(run: Run) -> None:
    leaked(run)
    run["training"][0]["split"] = "dev"


def blind_retriever(run: Run) -> None:
    for n, row in enumerate(rows_of(run, "rag")):
        other = f"d{(n + 1) % N}"
        row["retrieved"] = [{"doc_id": other, "chunk_id": f"{other}#0", "score": 0.5}]


def long_questions(run: Run) -> None:
    for n, question in enumerate(run["questions"][:7]):
        question["query_tokens"] = 65 + n


def worse_oracle(run: Run) -> None:
    for row in rows_of(run, "oracle"):
        row["prediction"] = "nobody"


def cut_prompts(run: Run) -> None:
    for row in rows_of(run, "rag")[:9]:
        row |= {"shown_passages": 0, "dropped_passages": 1}


def cut_answers(run: Run) -> None:
    for row in rows_of(run, "base"):
        row["finish_reason"] = "length"


def empty_answers(run: Run) -> None:
    for row in rows_of(run, "oracle")[-8:]:
        row["prediction"] = " \n"


def unanswered_by_the_server(run: Run) -> None:
    """Five answers could not be had, three of them for one reason."""
    lost = rows_of(run, "base")[:5]
    run["answers"] = [row for row in run["answers"] if row not in lost]
    run["failures"] = [
        {"task": "facts", "strategy": "base", "question_id": row["question_id"], "seed": 0,
         "reason": "the server failed" if n < 3 else "the reply broke off", "attempts": 8}
        for n, row in enumerate(lost)
    ]  # fmt: skip


def rambles(run: Run) -> None:
    """The answer stands among sixty other words."""
    for row in rows_of(run, "rag"):
        row["prediction"] = f"{row['prediction']} {'and so it was in all of the years ' * 12}"


def lists_candidates(run: Run) -> None:
    for n, row in enumerate(rows_of(run, "rag")):
        row["prediction"] += f", keeper{(n + 1) % N} or keeper{(n + 2) % N}"


def denies(run: Run) -> None:
    for row in rows_of(run, "lora"):
        row["prediction"] = f"It is not {row['prediction']}, but another."


def doubled_template(run: Run) -> None:
    sample = run["prompts"][1]
    sample["text"] = sample["skeleton"].replace("%%0%%", "Be kind.").replace("%%1%%", sample["text"])


def straw_man(run: Run) -> None:
    """Passages of a few words, which no retriever can be judged by."""
    run["manifest"]["tasks"]["facts"]["spec"]["retrieval"] |= {"chunk_tokens": 16, "overlap_tokens": 8}


SPOILT: dict[Callable[[Run], None], tuple[str, float | None, float | None, list[str]]] = {
    idle_adapter: ("adapter_changes_logits", 0.0, 0.0, ["lora"]),
    empty_adapter: ("adapter_changes_logits", 0.0, 1e-3, ["lora"]),
    untrained: ("adapter_fits_training", 0.02, 0.1, ["lora"]),
    other_prompts: ("same_prompts", 1 / N, 0.0, ["base", "lora"]),
    leaked: ("no_test_question_in_training", 1 / N, 0.0, ["lora"]),
    leaked_nearly: ("no_test_question_in_training", 1 / N, 0.02, ["lora"]),
    leaked_into_dev: ("no_test_question_in_training", 1 / N, 0.0, ["lora"]),
    blind_retriever: ("retrieval_floor", 0.0, 0.2, ["rag"]),
    long_questions: ("questions_read_whole", 7 / N, 0.25, ["rag"]),
    worse_oracle: ("oracle_not_below_rag", -14 / N, 0.0, ["oracle"]),
    cut_prompts: ("truncated_prompts", 9 / N, 0.25, ["rag"]),
    cut_answers: ("cut_answers", 22 / N, 0.5, ["base"]),  # two were right all the same
    empty_answers: ("empty_answers", 8 / N, 0.2, ["oracle"]),
    unanswered_by_the_server: ("missing_answers", 5 / N, 0.1, ["base"]),
    rambles: ("long_right_replies", 1.0, 0.5, ["rag"]),
    lists_candidates: ("listed_candidates", 1.0, 0.3, ["rag"]),
    denies: ("denied_answers", 1.0, 0.3, ["lora"]),
    doubled_template: ("chat_template", 1.0, 0.0, ["rag"]),
    straw_man: ("settings", 1.0, 0.0, ["rag"]),
}
"""What fails one check and no other → the check, its figure, its threshold, and the strategies that it excludes."""


def one_percent_leaked(run: Run) -> None:
    """One near copy among 124 questions: less than two in a hundred."""
    leaked_nearly(run)
    run["questions"] += [
        {"task": "facts", "id": f"more{n}", "question": f"Number {n}?", "answers": [str(n)]}
        for n in range(100)
    ]


def lost_answers(run: Run) -> None:
    """All of them, which is as bad as it can be."""
    for question in run["questions"][:N]:
        question["answer_in_gold"] = False


def low_recall(run: Run) -> None:
    for row in rows_of(run, "rag")[:10]:
        row |= {"retrieved": [], "shown_passages": 0}


def one_long_question(run: Run) -> None:
    run["questions"][0]["query_tokens"] = 65


def few_gold(run: Run) -> None:
    """Recall 0, but on nine questions only."""
    blind_retriever(run)
    for question in run["questions"][9:N]:
        question["gold_docs"] = []


def misnamed_gold(run: Run) -> None:
    """No gold document is found, and yet an answer stands in most of what was shown: the labels are wrong."""
    for question in run["questions"][:N]:
        question["gold_docs"] = ["elsewhere"]


def lists_on_few(run: Run) -> None:
    """Every right reply of base lists candidates, but there are two."""
    for n, row in enumerate(rows_of(run, "base")):
        row["prediction"] += f", keeper{(n + 1) % N} or keeper{(n + 2) % N}"


def a_few_sentences(run: Run) -> None:
    """Three sentences round each answer: long, and no text in which anything may stand."""
    for row in rows_of(run, "rag"):
        row["prediction"] = (
            f"It is {row['prediction']}." + " That was agreed upon in the meeting of last winter." * 4
        )


def forgot(run: Run) -> None:
    for row in rows_of(run, "lora@facts", "general")[4:]:
        row |= {"prediction": "no", "choice_logprobs": [-2.0, -1.0]}


def silent_on_few(run: Run) -> None:
    """No answer changed, but of ten only: that can happen."""
    run["manifest"]["adapters"][0]["logit_shift"] = None
    idle_adapter(run)
    run["answers"] = [r for r in run["answers"] if r["strategy"] != "lora" or int(r["question_id"][1:]) < 10]


WARNED: dict[Callable[[Run], None], str] = {
    one_percent_leaked: "no_test_question_in_training",
    lost_answers: "answers_in_documents",
    low_recall: "retrieval_floor",
    few_gold: "retrieval_floor",
    one_long_question: "questions_read_whole",
    silent_on_few: "adapter_changes_logits",
    misnamed_gold: "retrieval_floor",
    lists_on_few: "listed_candidates",
    a_few_sentences: "long_right_replies",
    forgot: "forgetting",
}
"""What is less grave, or less sure → the check that warns."""
