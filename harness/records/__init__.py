"""The plain records that flow between the rooms, and the lines of evidence.

Start with `questions` and `answers`. A field of a `.jsonl` file gets its type here, and `run/rows.py` holds every line
to it.
"""

from harness.records.answers import (
    AnswerRow,
    BatchRow,
    FailureRow,
    FinishReason,
    PromptSample,
    Scores,
    TimingRow,
)
from harness.records.groups import GroupMetric, TaskGroup
from harness.records.learning import ALL_EPOCHS, FIT_EXAMPLES, AdapterRecord, LossPoint, ProposalRow, TrialRow
from harness.records.models import ApiPrice, PriceTier, Proof, TemplateFacts
from harness.records.passages import (
    Cause,
    Inventory,
    NotReadFiles,
    Passage,
    PassageRow,
    PassedOver,
    Ranked,
    RankedDoc,
)
from harness.records.questions import Question, QuestionRow, TrainingRow

__all__ = [
    "ALL_EPOCHS",
    "FIT_EXAMPLES",
    "AdapterRecord",
    "AnswerRow",
    "ApiPrice",
    "BatchRow",
    "Cause",
    "FailureRow",
    "FinishReason",
    "GroupMetric",
    "Inventory",
    "LossPoint",
    "NotReadFiles",
    "Passage",
    "PassageRow",
    "PassedOver",
    "PriceTier",
    "PromptSample",
    "Proof",
    "ProposalRow",
    "Question",
    "QuestionRow",
    "Ranked",
    "RankedDoc",
    "Scores",
    "TaskGroup",
    "TemplateFacts",
    "TimingRow",
    "TrainingRow",
    "TrialRow",
]
