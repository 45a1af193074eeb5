"""What holding answers to their form changed, and how much of a fine-tune's gain the form alone has."""

from __future__ import annotations

from dataclasses import dataclass

from harness.analysis.results.comparison import Comparison
from harness.analysis.results.reason import Reason
from harness.ranges import Share
from harness.spec.system import Form


@dataclass(frozen=True, slots=True)
class FormEffect:
    """A system whose answers are held to their form beside the same one with free answers.

    `comparison`: of the free one (a) with the held one (b), in no family. `of_form_free`, `of_form`: the share of each
    one's answers that are of the form.
    """

    system: str
    free: str
    form: Form
    comparison: Comparison
    of_form_free: Share | None
    of_form: Share | None


@dataclass(frozen=True, slots=True)
class FormShare:
    """A fine-tune's gain over the model with the same context, in two parts, on the same questions.

    `gain`: of the free answers. `by_form`: what the model gains when its answers are held to their form, untrained;
    `beyond`: what the fine-tune has more than that.
    """

    fine_tune: str
    base: str
    held: str
    gain: Comparison
    by_form: Comparison
    beyond: Comparison

    @property
    def in_words(self) -> str:
        """Nothing where the fine-tune gains nothing."""
        gain, form = self.gain.delta, self.by_form.delta
        if gain is None or form is None or gain <= 0:
            return ""
        lead = f"{self.fine_tune} gains {self.gain.in_points} over {self.base}"
        alone = f"{self.held}, which is not trained, gains {self.by_form.in_points} by the form alone"
        if form <= 0:
            return f"{lead}. None of it is form: {alone}."
        if form >= gain:
            return f"{lead}. All of it may be form: {alone}."
        rest = f"what {self.fine_tune} has beyond that is {self.beyond.in_points}"
        return f"{lead}. Part of it is form: {alone}; {rest} (n={self.gain.n})."

    @property
    def reason(self) -> Reason:
        """The same with every number in it."""
        parts = {"gain": self.gain, "by_form": self.by_form, "beyond": self.beyond}
        numbers = {
            f"{name}{end}": value
            for name, row in parts.items()
            for end, value in (("", row.delta), ("_ci_low", row.ci_low), ("_ci_high", row.ci_high))
        }
        return Reason(self.in_words, {**numbers, "n": self.gain.n})
