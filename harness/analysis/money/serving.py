"""What a model's own hours or tokens cost, where the run's machine does not answer.

What is declared for a model comes first (`usd_per_hour`, `usd_per_mtok`), then the list of hosted models' prices on the
run's day. A server on this machine is the run's machine; of any other one nobody knows what it costs.
"""

from __future__ import annotations

from dataclasses import replace

from harness.analysis.answers import Answers
from harness.analysis.latency import mean_interval
from harness.analysis.money.measured import Serving
from harness.analysis.results.tokens import ByToken
from harness.analysis.statistics.intervals import mean
from harness.records import ApiPrice
from harness.run.facts import ModelFacts
from harness.spec.models import is_local
from harness.spec.tokenusd import request_usd


def serving_of(model: ModelFacts, answers: Answers, *, adapted: bool) -> Serving | None:
    """How a model is paid for; None: by the hours of the run's machine. `answers`: of one system, on one task."""
    if model.by_token:
        return _by_token(model, answers, adapted)
    if model.usd_per_hour is not None:
        return Serving(model.name, model.usd_per_hour)
    if all(map(is_local, model.addresses)):
        return None
    why = (
        f"nobody said what the server of {model.name} costs; declare usd_per_hour, or usd_per_mtok with input and "
        "output, in the models file (--models)"
    )
    return Serving(model.name, unknown=why)


def _by_token(model: ModelFacts, answers: Answers, adapted: bool) -> Serving:
    price = model.token_price(adapted=adapted)
    if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        why = price.reason if price and price.reason else f"no list has a price of the tokens of {model.name}"
        how = "declare usd_per_mtok with input and output in the models file (--models)"
        return Serving(model.name, unknown=f"{why}; {how}")
    if not answers:
        return Serving(model.name, unknown="nothing was answered")
    costs = billed_usd(price, answers)
    prompts = billed_usd(price, replace(answers, completion_tokens=[0] * len(answers)))
    whole, prompt = mean(costs) or 0.0, mean(prompts) or 0.0
    return Serving(
        model.name,
        tokens=ByToken(
            model=model.name,
            query_usd=whole,
            query_ci_usd=mean_interval(costs),
            prompt_usd=prompt,
            completion_usd=max(0.0, whole - prompt),
            n=len(costs),
            retried=sum(attempts > 1 for attempts in answers.attempts),
            input_usd_per_mtok=price.input_usd_per_mtok,
            output_usd_per_mtok=price.output_usd_per_mtok,
            cached_usd_per_mtok=price.cached_usd_per_mtok,
            priced_on=price.priced_on,
            source=price.source,
        ),
    )


def billed_usd(price: ApiPrice, answers: Answers) -> list[float]:
    """What each answer cost, with every attempt at it: nobody says which of them a server bills."""
    columns = zip(
        answers.attempts,
        answers.prompt_tokens,
        answers.completion_tokens,
        answers.cached_tokens,
        strict=True,
    )
    return [
        attempts * (request_usd(price, prompt, completion, cached or 0) or 0.0)
        for attempts, prompt, completion, cached in columns
    ]
