// The section "What if" without its page: costs, requirements, the choice and the decision map, from the facts of page/whatif.py.
// Each part names the module whose rules it repeats; tests/report/page/test_whatif.py holds it against that module. Sums are taken
// in the same order, so that figures agree to the last bit. null means: not known, or not set.

const WhatIf = (() => {
  const MET = "met", MISSED = "missed", UNKNOWN = "unknown", FARTHEST = 1e9;
  const RECOMMENDED = "recommended", BEST_OF_JUDGED = "best_of_judged", UNDECIDED = "undecided", NONE_FEASIBLE = "none_feasible", NOT_COMPUTED = "not_computed";

  // Quantities (harness/quantities.py)

  const grouped = (text) => text.replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));
  const fixed = (value, decimals) => grouped(even(value, decimals));
  const rounded = (value) => Number(value.toExponential(2));
  const whole = (value) => fixed(value, 0);
  const queries = (value) => `${whole(value)} ${whole(value) === "1" ? "query" : "queries"}`;
  const plain = (value) => fixed(value, 1).replace(/\.0$/, "");

  // As toFixed, but as Python has it: what lies exactly in the middle goes to the even digit (6.25 → 6.2), and no exponent.
  function even(value, decimals) {
    if (Math.abs(value) >= 1e21) return `${BigInt(value)}${decimals ? `.${"0".repeat(decimals)}` : ""}`;
    const shown = value.toFixed(decimals), middle = /^50*$/.test(value.toFixed(decimals + 60).split(".")[1].slice(decimals));
    return middle && /[13579]$/.test(shown) ? (value * (1 - Number.EPSILON)).toFixed(decimals) : shown;
  }

  function percent(value) {
    if (value === null) return "n/a";
    const shown = even(100 * value, 1);
    if (shown === "100.0" && value < 1) return "> 99.9 %";
    if (shown === "0.0" && value > 0) return "< 0.1 %";
    return `${shown} %`;
  }

  function three(value) {
    if (value === 0) return "0";
    const decimals = 2 - Math.floor(Math.log10(Math.abs(rounded(value))));
    return fixed(value, Math.max(0, Math.min(decimals, 6)));
  }

  function dollars(value) {
    if (value === null) return "n/a";
    if (value === 0) return "$0";
    const size = Math.abs(value), sign = value < 0 ? "−" : "";
    if (size >= 0.995 && size < 1e12) return `${sign}$${fixed(size, 2)}`;
    if (size >= 1e12) return `${sign}$${three(size / 1e12)} trillion`;
    if (size < 1e-9) return `${sign ? ">" : "<"} ${sign}$0.000000001`;
    return `${sign}$${even(size, 2 - Math.floor(Math.log10(rounded(size)))).replace(/0$/, "")}`;
  }

  function seconds(value) {
    for (const [limit, factor, unit] of [[1, 1e-3, "ms"], [600, 1, "s"], [7200, 60, "min"]])
      if (rounded(Math.abs(value)) < limit) return `${three(value / factor)} ${unit}`;
    return `${three(value / 3600)} h`;
  }

  function days(value) {
    if (24 * value < 0.95) return seconds(86400 * value);
    const [size, unit] = value < 1 ? [24 * value, "hour"] : [value, "day"];
    return `${plain(size)} ${unit}${plain(size) === "1" ? "" : "s"}`;
  }

  // Money (analysis/results/hosting.py, analysis/money/economics.py)

  // The volume, the price of an hour, the tariff and the utilisation are the terms'; all else is the run's hosting.
  function machines({ hours, peak_factor }, queries, seconds) {
    return Math.max(1, Math.ceil((queries * peak_factor * seconds) / (3600 * hours)));
  }

  // Tokens are paid for (analysis/results/tokens.py): the amount of a query is dollars then, and seconds of a machine otherwise.
  const byToken = (hosting) => "query_usd" in hosting;
  const hourUsd = (hosting, terms) => (hosting.own_price ? hosting.usd_per_hour : terms.usd_per_hour);

  function hostingUsd(hosting, terms, queries, amount) {
    if (byToken(hosting)) return queries * amount;
    const hour = hourUsd(hosting, terms);
    if (terms.tariff === "kept-up") return machines(hosting, queries, amount) * hosting.hours * hour;
    if (terms.tariff === "shared") return (queries * amount * hour) / 3600 / terms.utilisation;
    return ((queries * amount + Math.min(hosting.cold_starts, queries) * hosting.load_s) * hour) / 3600;
  }

  // The volume above which a month of `a` always costs less than one of `b`; null: there is none. 0: always. Lines are
  // {hosting, seconds, standing} (analysis/results/crossover.py).
  function cheaperFrom(terms, a, b) {
    const [fromA, fromB] = [a, b].map((one) => isStairs(one.hosting, terms));
    const found = costsAs(a.hosting, b.hosting, terms) ? sameMachines(terms, a, b)
      : fromA && fromB ? twoStairs(terms, a, b) : fromA ? stairsFrom(terms, a, b) : fromB ? lineFrom(terms, a, b) : twoLines(terms, a, b);
    return found !== null && Number.isFinite(found) ? found : null;
  }

  const isStairs = (hosting, terms) => !byToken(hosting) && terms.tariff === "kept-up";
  const machineUsd = (hosting, terms) => hosting.hours * hourUsd(hosting, terms);
  const capacity = ({ hours, peak_factor }, seconds) => (seconds ? (3600 * hours) / (peak_factor * seconds) : Infinity);

  function costsAs(one, other, terms) {
    if (byToken(one) || byToken(other) || hourUsd(one, terms) !== hourUsd(other, terms)) return false;
    const names = ["hours", "peak_factor", ...(terms.tariff === "scale-to-zero" ? ["cold_starts", "load_s"] : [])];
    return names.every((name) => one[name] === other[name]);
  }

  function sameMachines(terms, a, b) {
    const { hosting } = a, dearer = a.standing - b.standing, ratio = b.seconds ? a.seconds / b.seconds : Infinity, hour = hourUsd(hosting, terms);
    if (a.seconds === b.seconds || (a.seconds < b.seconds && dearer < 0)) return dearer < 0 ? 0 : null;
    if (ratio > 1) return null;
    const saved = (hour * b.seconds) / 3600 - (hour * a.seconds) / 3600, share = terms.tariff === "shared" ? terms.utilisation : 1;
    const stairs = Math.floor(dearer / (hosting.hours * hour)) + 1, last = a.seconds ? Math.ceil(stairs / (1 - ratio)) - 1 : stairs;
    const kept = (last * (3600 * hosting.hours)) / (hosting.peak_factor * b.seconds);
    return terms.tariff === "kept-up" ? kept : saved ? (dearer * share) / saved : Infinity;
  }

  function twoStairs(terms, a, b) {
    const [usdA, usdB] = [a, b].map((one) => machineUsd(one.hosting, terms)), [mostA, mostB] = [a, b].map((one) => capacity(one.hosting, one.seconds));
    const dearer = a.standing - b.standing, ratio = mostB / mostA, times = usdB / usdA, extra = dearer / usdA;
    if (mostB === Infinity) return mostA === Infinity && dearer + usdA < usdB ? 0 : null;
    if (ratio >= times) return ratio === times && extra + 1 < 0 ? 0 : null;
    const bound = Math.ceil((extra + 1) / (times - ratio)), least = Math.max(0, bound - 100000);
    for (let stair = bound; stair > least; stair--)
      if (extra + Math.max(1, Math.ceil(stair * ratio)) >= times * stair) return mostB * stair;
    return least ? mostB * bound : 0;
  }

  function stairsFrom(terms, a, b) {
    const usd = machineUsd(a.hosting, terms), most = capacity(a.hosting, a.seconds), slope = slopeOf(b, terms), dearer = a.standing - b.standing;
    if (most === Infinity) return slope ? Math.max(0, (dearer + usd) / slope) : null;
    if (slope * most <= usd) return slope * most === usd && dearer + usd < 0 ? 0 : null;
    const last = Math.ceil((dearer + slope * most) / (slope * most - usd)) - 1;
    return last < 1 ? 0 : Math.max(0, Math.min(last * most, (dearer + last * usd) / slope));
  }

  function lineFrom(terms, a, b) {
    const usd = machineUsd(b.hosting, terms), most = capacity(b.hosting, b.seconds), slope = slopeOf(a, terms), dearer = a.standing - b.standing;
    if (most === Infinity) return !slope && dearer < usd ? 0 : null;
    if (slope * most >= usd) return slope * most === usd && dearer < 0 ? 0 : null;
    return most * Math.max(0, Math.floor(dearer / (usd - slope * most)));
  }

  function twoLines(terms, a, b) {
    const starts = (one) => (!byToken(one.hosting) && terms.tariff === "scale-to-zero" ? one.hosting.cold_starts : 0);
    const bendOf = (one) => (starts(one) ? starts(one) * ((hourUsd(one.hosting, terms) * one.hosting.load_s) / 3600) : 0);
    const dearer = a.standing - b.standing, bend = Math.max(starts(a), starts(b));
    const beyond = dearer + bendOf(a) - bendOf(b), saved = slopeOf(b, terms) - slopeOf(a, terms);
    if (saved < 0 || (saved === 0 && beyond >= 0)) return null;
    if (saved && beyond / saved >= bend) return beyond / saved;
    if (dearer <= 0) return 0;
    return dearer / (saved + (bend ? (bendOf(b) - bendOf(a)) / bend : 0));
  }

  // Dollars that one more query costs, at high volume.
  function slopeOf({ hosting, seconds }, terms) {
    if (byToken(hosting)) return hosting.query_usd;
    return (hourUsd(hosting, terms) * seconds) / 3600 / (terms.tariff === "shared" ? terms.utilisation : 1);
  }

  // `seconds`: of a machine, or the dollars of a query's tokens. {seconds, hosting, per_query, fixed, refresh, storage, people, people_refresh, ci}: one system at the prices of the terms.
  function money(of, terms) {
    const { cost, cost: { assumptions, components, hosting } } = of, tokens = hosting && byToken(hosting);
    const seconds = tokens ? hosting.query_usd : cost.seconds;
    const usd = (seconds) => (terms.usd_per_hour * seconds) / 3600;
    const index = of.index_by_token ? components.index_usd || 0 : usd(of.index_s);
    const labour = of.tuned ? terms.tuning_cycles * (components.labour_usd || 0) : 0;
    const cycle = (of.training_s / 3600) * terms.usd_per_hour + (components.labour_usd || 0);
    const refresh = (assumptions.changed_share || 0) * index + usd(of.training_s) + of.upfront_usd + cost.refresh_people_usd;
    return {
      seconds, hosting, ci: tokens ? hosting.query_ci_usd : cost.seconds_ci, people: labour + of.people_once_usd, people_refresh: cost.refresh_people_usd,
      per_query: !hosting || seconds === null ? null : hostingUsd(hosting, terms, terms.monthly_queries, seconds) / terms.monthly_queries,
      fixed: cost.fixed_usd === null ? null : (of.tuned ? terms.tuning_cycles * cycle : 0) + of.people_once_usd + of.upfront_usd + index + usd(of.search_s) + of.search_usd,
      refresh: cost.refresh_usd === null ? null : refresh,
      storage: cost.storage_usd_per_month,
    };
  }

  const refreshes = (terms, facts) => (terms.refresh_days === null ? 0 : facts.days_per_month / terms.refresh_days);

  // Dollars a month whatever the volume.
  function standingUsd(cost, terms, facts) {
    const often = refreshes(terms, facts);
    if (cost.fixed === null || (often && cost.refresh === null)) return null;
    return cost.storage + cost.fixed / terms.horizon_months + (cost.refresh || 0) * often;
  }

  function monthly(cost, terms, facts, seconds = cost.seconds) {
    const rest = standingUsd(cost, terms, facts);
    if (!cost.hosting || seconds === null || rest === null) return null;
    return hostingUsd(cost.hosting, terms, terms.monthly_queries, seconds) + rest;
  }

  // What is known of a month's dollars: at the mean time, at both ends of its interval, and the assumed part of people's.
  function span(cost, terms, facts) {
    const [low, high] = cost.ci || [cost.seconds / facts.few_timed, cost.seconds * facts.few_timed];
    const [usd, least, most] = [cost.seconds, low, high].map((seconds) => monthly(cost, terms, facts, seconds));
    const people = cost.people / terms.horizon_months + cost.people_refresh * refreshes(terms, facts);
    return { usd, least, most, assumed: facts.people_off * people };
  }

  // Economics.cost_difference: dollars a month by which one appraised system costs more, 0 where that is within the margin.
  function dearer(one, other) {
    if (one === other || one.monthly === null || other.monthly === null) return 0;
    const usd = one.span.usd - other.span.usd, [more, less] = usd >= 0 ? [one.span, other.span] : [other.span, one.span];
    const down = more.usd - more.least, up = less.most - less.usd;
    const margin = Math.sqrt(down * down + up * up) + Math.abs(more.assumed - less.assumed);
    return Math.abs(usd) <= margin ? 0 : usd;
  }

  // Queries a month at which two systems cost the same (report/pictures/money.py): from there on `dearer`, which costs more at
  // first, is the cheaper one.
  function crossings(facts, name, terms) {
    const lines = facts.tasks[name].systems.map((one) => {
      const cost = money(one, terms);
      return { name: one.name, cost, seconds: cost.seconds, standing: cost.hosting ? standingUsd(cost, terms, facts) : null };
    }).filter((line) => line.standing !== null && line.seconds !== null);
    const first = ({ standing, cost: { hosting } }) => standing + (isStairs(hosting, terms) ? machineUsd(hosting, terms) : 0);
    return lines.flatMap((one, place) => lines.slice(place + 1).flatMap((two) => {
      const [dearer, other] = first(one) > first(two) ? [one, two] : [two, one];
      const queries = cheaperFrom(terms, ...[dearer, other].map(({ cost, seconds, standing }) => ({ hosting: cost.hosting, seconds, standing })));
      if (!queries) return [];
      const usd = monthly(dearer.cost, { ...terms, monthly_queries: queries }, facts);
      return [{ dearer: dearer.name, other: other.name, queries, usd }];
    }));
  }

  // What is required (analysis/decision/requirements/rules.py): {requirement, status, value, limit, miss}

  function held(requirement, value, limit, met) {
    const missing = Math.abs(value - limit), miss = limit ? Math.min(missing / limit, FARTHEST) : missing;
    return { requirement, status: met ? MET : MISSED, value, limit, miss: met ? 0 : miss };
  }

  const atMost = (requirement, value, limit) =>
    value === null ? { requirement, status: UNKNOWN, value, limit, miss: 0 } : held(requirement, value, limit, value <= limit);

  // A percentile that was not measured is not known, unless a lower one is over the limit already.
  function latency({ latency_s }, terms, facts) {
    const wanted = terms.latency_percentile, lower = facts.percentiles.slice(0, facts.percentiles.indexOf(wanted));
    const over = lower.find((name) => latency_s[name] !== null && latency_s[name] > terms.max_latency_s);
    return atMost("max_latency_s", latency_s[latency_s[wanted] === null && over ? over : wanted], terms.max_latency_s);
  }

  // Every requirement that has a field in the form; the others are constant. Knowledge that changes faster than a system can be
  // brought up to date is never up to date.
  function requirements(one, terms, facts, usd) {
    const device = one.training_s + one.index_s;
    const updated = !one.update_unknown && (device || one.update_people_s !== null) ? device + one.update_people_s : null;
    return [
      terms.min_accuracy === null ? null : held("min_accuracy", one.accuracy, terms.min_accuracy, one.accuracy >= terms.min_accuracy),
      terms.max_latency_s === null ? null : latency(one, terms, facts),
      terms.monthly_budget_usd === null ? null : atMost("monthly_budget_usd", usd, terms.monthly_budget_usd),
      ...one.constant,
      terms.refresh_days === null || (updated === null && !one.update_unknown) ? null : atMost("refresh_days", updated, terms.refresh_days * 86400),
    ].filter(Boolean);
  }

  // The choice (analysis/decision/choice.py)

  // The accuracy with changed facts credited at what was measured on facts that training did not hold
  // (analysis/decision/candidates.py).
  function accuracyAt(accuracy, { taught }, facts, terms) {
    if (accuracy === null || !taught || taught.untaught === null || terms.refresh_days === null || !taught.changed_share) return accuracy;
    const changes = (terms.horizon_months * facts.days_per_month) / terms.refresh_days, rate = -Math.log1p(-taught.changed_share);
    const changed = taught.changed_share >= 1 ? 1 : 1 + Math.expm1(-rate * changes) / (rate * changes);
    return accuracy - changed * Math.max(0, accuracy - taught.untaught);
  }

  function appraise(one, facts, terms) {
    const accuracy = accuracyAt(one.compared, one, facts, terms), lost = one.compared - accuracy, own = accuracyAt(one.accuracy, one, facts, terms);
    const cost = money(one, terms), usd = monthly(cost, terms, facts), outcomes = requirements({ ...one, accuracy: own }, terms, facts, usd);
    const missed = outcomes.filter((outcome) => outcome.status === MISSED);
    const errors = (1 - accuracy) * terms.monthly_queries * (terms.error_price_usd || 0);
    return {
      name: one.name, rank: one.rank, parameters: one.parameters, trivial: one.beats_trivial === false, right: one.accuracy, accuracy, lost, cost, monthly: usd, span: span(cost, terms, facts),
      total: usd === null ? null : usd + errors, outcomes, missed,
      feasible: !missed.length, unchecked: outcomes.filter((outcome) => outcome.status === UNKNOWN),
    };
  }

  // Accuracy of one minus the other's: {delta, low, high, p, bounded}; −1 to 1 where nothing is known.
  function difference(task, one, other) {
    const by = other.lost - one.lost;
    const shifted = (row) => (by && row.delta !== null ? { ...row, delta: row.delta + by, low: row.low + by, high: row.high + by, p: null } : row);
    for (const [a, b, row] of task.pairs) {
      if (a === other.name && b === one.name) return shifted(row);
      const { delta, low, high } = row;
      if (a === one.name && b === other.name) return shifted({ ...row, delta: delta === null ? null : 0 - delta, low: 0 - high, high: 0 - low });
    }
    return { delta: null, low: -1, high: 1, p: null, bounded: false, few: false };
  }

  const resolved = ({ low, high, p }) => (low > 0 || high < 0) && (p === null || p < 0.05);
  const within = ({ low, high, bounded, few }, margin) => bounded && !few && -margin < low && high < margin;
  const leastDelta = ({ low, few }) => (few ? -1 : low);
  const ahead = (row, margin) => resolved(row) && row.low > 0 && !within(row, margin);

  // The first of those whose key is least; keys are lists, compared from the front.
  function least(list, key) {
    let best = null, lowest = null;
    for (const one of list) {
      const found = key(one), at = lowest ? found.findIndex((value, place) => value !== lowest[place]) : 0;
      if (!lowest || (at >= 0 && found[at] < lowest[at])) [best, lowest] = [one, found];
    }
    return best;
  }

  function choose(facts, task, terms) {
    const candidates = task.systems.filter((one) => one.candidate).map((one) => appraise(one, facts, terms));
    const feasible = candidates.filter((one) => one.feasible), fair = feasible.filter((one) => !one.trivial);
    const byValue = terms.error_price_usd !== null && feasible.every((one) => one.total !== null);
    const made = { basis: byValue ? "value" : "accuracy", candidates, feasible, favourite: null, open: [], nearest: null, condition: null, unjudged: [] };
    made.weighed = feasible.every((one) => one.monthly !== null);
    made.unjudged = unjudged(facts, task, feasible, terms);
    if (!feasible.length) {
      made.nearest = least(candidates, (one) => [one.missed.length, one.missed.reduce((sum, { miss }) => sum + miss, 0), -one.accuracy]);
      return { ...made, status: NONE_FEASIBLE };
    }
    const running = fair.length ? fair : feasible;
    const [favourite, open] = (byValue ? chooseByValue : chooseByAccuracy)(task, running, feasible, terms);
    if (open.length || favourite.unchecked.length) return { ...made, favourite, open, status: UNDECIDED };
    const condition = byValue ? null : conditionOf(facts, task, favourite, running, terms), first = condition ? condition.below : favourite;
    if (unfit(task, candidates, feasible)) return { ...made, favourite: first, status: UNDECIDED };
    return { ...made, favourite: first, condition, status: made.unjudged.length ? BEST_OF_JUDGED : RECOMMENDED };
  }

  // Systems that failed a check and might have won (analysis/decision/case.py)
  function unjudged(facts, task, feasible, terms) {
    if (Math.max(0, ...feasible.map((one) => one.accuracy)) > 1 - terms.accuracy_margin) return [];
    const left = task.systems.filter((one) => one.name in task.unjudged && one.accuracy !== null).map((one) => appraise(one, facts, terms));
    return left.filter((one) => one.missed.every(({ requirement }) => requirement === "min_accuracy")).map((one) => one.name);
  }

  // The cheapest; of those that cost alike the simplest, then the more accurate.
  function simplestOfTheCheapest(level) {
    const cheapest = least(level, (one) => [one.monthly || 0, -one.accuracy]);
    return simplest(level.filter((one) => one === cheapest || !dearer(one, cheapest)), (one) => -one.accuracy);
  }

  // The simplest strategy; of one strategy on models whose size is known the smallest model, then by `order`.
  function simplest(alike, order) {
    const rank = Math.min(...alike.map((one) => one.rank)), level = alike.filter((one) => one.rank === rank);
    const sized = level.every((one) => one.parameters);
    return least(level, (one) => [sized ? one.parameters : 0, order(one)]);
  }

  function chooseByValue(task, running, feasible, terms) {
    const lowest = least(running, (one) => [one.total, -one.accuracy]), margin = terms.accuracy_margin;
    const alike = running.filter((one) => one === lowest || (within(difference(task, lowest, one), margin)
      && dearer(one, lowest) <= 0 && one.total <= lowest.total * (1 + terms.value_margin)));
    const favourite = simplest(alike, (one) => (one === lowest ? 0 : 1));
    const stake = terms.monthly_queries * (terms.error_price_usd || 0), slack = terms.value_margin * favourite.total;
    const open = feasible.filter((rival) => !alike.includes(rival)
      && stake * leastDelta(difference(task, favourite, rival)) - dearer(favourite, rival) < -slack);
    return [favourite, open];
  }

  // The cheapest of those not shown to be worse by what matters than the best; settled where it is as good as they.
  function chooseByAccuracy(task, running, feasible, terms) {
    const margin = terms.accuracy_margin, best = least(running, (one) => [-one.accuracy, one.monthly || 0]);
    const level = feasible.filter((one) => one === best || !ahead(difference(task, best, one), margin));
    const others = level.filter((one) => one !== best);
    if (others.length && level.some((one) => one.monthly === null)) return [best, others];
    const cheapest = simplestOfTheCheapest(level.filter((one) => running.includes(one)));
    if (level.every((one) => one === cheapest || leastDelta(difference(task, cheapest, one)) > -margin)) return [cheapest, []];
    return [best, others.filter((one) => simplestOfTheCheapest([best, one]) === one || leastDelta(difference(task, best, one)) <= -margin)];
  }

  // Up to which price of a wrong answer a cheaper, less accurate system is the better choice: {below, then, price}.
  function conditionOf(facts, task, best, running, terms) {
    if (running.some((one) => one.monthly === null)) return null;
    const perRight = (one) => (one.accuracy ? one.monthly / one.accuracy : Infinity);
    let found = null;
    for (const rival of running) {
      const saved = dearer(best, rival) / terms.monthly_queries;
      const better = difference(task, best, rival);
      if (saved <= 0 || !ahead(better, terms.accuracy_margin) || perRight(rival) >= perRight(best)) continue;
      const price = saved / better.delta;
      if (!found || price > found.price) found = { below: rival, then: best.name, price };
    }
    return found && found.price > facts.least_error_usd ? found : null;
  }

  // Why nothing may be recommended (analysis/decision/choice.py)
  function unfit(task, candidates, feasible) {
    if (task.unfit) return task.unfit;
    if (!feasible.length) return null;
    const who = feasible.length === candidates.length ? "not one candidate" : "not one candidate that meets the requirements";
    if (!feasible.some((one) => one.right)) return `${who} gave a right answer`;
    return feasible.every((one) => one.trivial) ? `${who} is shown to do better than the best constant reply` : null;
  }

  // [status, why nothing can be chosen]
  function standing(task, choice) {
    const names = choice.candidates.map((one) => one.name), left = Object.keys(task.excluded).length;
    if (task.waiting) return [NOT_COMPUTED, task.waiting];
    if (!names.length && left) return [UNDECIDED, task.none_left];
    if (!names.length) return [NOT_COMPUTED, "No candidate has an accuracy here, so there is nothing to choose."];
    if (names.length === 1 && choice.status !== NONE_FEASIBLE)
      return left
        ? [UNDECIDED, `Only ${names[0]} is left to choose, and one system alone decides nothing.`]
        : [NOT_COMPUTED, `Only ${names[0]} is a candidate here, so there is nothing to choose between.`];
    return [choice.status, ""];
  }

  // Between which prices of a wrong answer the favourite has the least expected cost; null: no end, or not known.
  function pays(choice, terms) {
    if (!choice.favourite || !choice.weighed) return [null, null];
    let low = 0, high = Infinity;
    for (const rival of choice.feasible) {
      const dearer = (choice.favourite.monthly - rival.monthly) / terms.monthly_queries;
      const better = choice.favourite.accuracy - rival.accuracy;
      if (better > 0) low = Math.max(low, dearer / better);
      else if (better < 0) high = Math.min(high, dearer / better);
      else if (dearer > 0) return [null, null];
    }
    return low <= high ? [low, high === Infinity ? null : high] : [null, null];
  }

  // Who is ahead over volume (columns) and refresh interval (rows): analysis/decision/sensitivity.py
  function map(facts, task, terms) {
    const volumes = [...new Set([...facts.volumes, terms.monthly_queries])].sort((a, b) => a - b);
    const intervals = [...new Set([...facts.refreshes, terms.refresh_days])].filter((value) => value !== null);
    const refreshes = [null, ...intervals.sort((a, b) => b - a)];
    const cell = (refresh_days, monthly_queries) => {
      const at = { ...terms, refresh_days, monthly_queries }, choice = choose(facts, task, at), [from, to] = pays(choice, at);
      return { winner: choice.favourite && choice.favourite.name, status: choice.status, weighed: choice.weighed, from, to };
    };
    return { monthly_queries: volumes, refresh_days: refreshes, rows: refreshes.map((r) => volumes.map((v) => cell(r, v))) };
  }

  // What the page shows

  // The run's own terms with what was given instead; `assumed`: a volume that nobody named.
  function terms(facts, given) {
    const made = { ...facts.own };
    for (const [name, value] of Object.entries(given)) if (value !== null && value !== undefined) made[name] = value;
    made.assumed = made.monthly_queries === null;
    if (made.assumed) made.monthly_queries = facts.assumed_monthly_queries;
    return made;
  }

  function decide(facts, name, terms) {
    const task = facts.tasks[name], choice = choose(facts, task, terms), [status, why_not] = standing(task, choice);
    const favourite = why_not || !choice.favourite ? null : choice.favourite.name, nearest = choice.nearest && choice.nearest.name;
    const decision = {
      status, basis: choice.basis, favourite, nearest, why_not, unfit: unfit(task, choice.candidates, choice.feasible),
      recommended: status === RECOMMENDED ? favourite : null, candidates: choice.candidates, open: choice.open.map((one) => one.name),
      condition: choice.condition && { ...choice.condition, below: choice.condition.below.name }, unjudged: choice.unjudged, map: why_not ? null : map(facts, task, terms),
    };
    return { ...decision, headline: headline(decision, facts, task, terms), reason: reason(decision, task, terms) };
  }

  const listed = (names) => (names.length > 1 ? `${names.slice(0, -1).join(", ")} and ${names.at(-1)}` : names.join(""));

  // What to do, in one sentence (analysis/decision/headline.py); how many questions would decide is not worked out here.
  function headline({ status, favourite, why_not, unfit, candidates, open, condition, unjudged }, facts, task, terms) {
    const of = (name) => task.systems.find((one) => one.name === name);
    if (why_not) return why_not;
    if (status === NONE_FEASIBLE) return "No strategy meets the requirements.";
    if (status === UNDECIDED && unfit) return `Nothing is recommended: ${unfit}.`;
    if (status === UNDECIDED && open.length) return `Undecided between ${listed([favourite, ...open].map((name) => `${name}${of(name).taught_words}`))}.`;
    if (status === UNDECIDED) {
      const labels = candidates.find((one) => one.name === favourite).unchecked.map(({ requirement }) => facts.labels[requirement]);
      return `${favourite} is ahead, but cannot be recommended before this has been checked: ${listed(labels)}.`;
    }
    const among = status === BEST_OF_JUDGED ? `Of ${listed(candidates.map((one) => one.name))}, take` : "Take";
    const weighed = candidates.every((one) => !one.feasible || one.monthly !== null);
    const first = candidates.find((one) => one.name === favourite);
    const volume = weighed ? ` ${condition || unjudged.length ? favourite : "It"} costs ${dollars(first.monthly)} a month at ${queries(terms.monthly_queries)}.` : "";
    const then = condition
      ? `, unless a wrong answer costs you more than ${dollars(condition.price)}: then ${condition.then}${of(condition.then).taught_words}` : "";
    const left = unjudged.map((name) => `; ${task.unjudged[name]}`).join("");
    return `${among} ${favourite}${of(favourite).taught_words}${then}${left}.${volume}`;
  }

  function reason({ status, favourite, nearest, why_not, unfit, candidates, open, basis }, task, terms) {
    const sentences = unfit ? [`Nothing is recommended: ${unfit}.`] : [];
    const one = candidates.find((candidate) => candidate.name === (favourite || nearest));
    if (why_not) sentences.push(why_not);
    if (why_not || !one || status === NONE_FEASIBLE) return sentences.join(" ");
    const own = task.systems.find(({ name }) => name === one.name), where = own.compared === own.accuracy ? "" : ", as it compares where others answered too";
    sentences.push(`${one.name}: ${task.graded ? `a mean ${task.metric} of ${percent(one.accuracy)}` : `${percent(one.accuracy)} right`}${where}.`);
    if (one.monthly === null) sentences.push("What it costs is not known.");
    else if (basis === "value") sentences.push(`It is expected to cost ${dollars(one.total)} a month, ${dollars(one.total - one.monthly)} of them for wrong answers.`);
    else sentences.push(`It costs ${dollars(one.monthly)} a month at ${queries(terms.monthly_queries)}.`);
    if (open.length) sentences.push(`Not settled against ${open.join(", ")}.`);
    if (one.unchecked.length) sentences.push(`What is required of ${one.name} cannot all be checked.`);
    return sentences.join(" ");
  }

  // The command that decides the same. A field left empty keeps the run's own value, as a flag left out does.
  function command(facts, given, folder) {
    const words = [{ name: "latency_percentile", flag: "--latency-percentile" }, { name: "tariff", flag: "--tariff" }];
    const flags = [...facts.fields, ...words];
    const changed = flags.filter(({ name }) => given[name] !== null && given[name] !== undefined && given[name] !== facts.own[name]);
    return ["python", "-m", "harness", "decide", folder, ...changed.flatMap(({ flag, name }) => [flag, String(given[name])])];
  }

  // What a field's text means: {value} (null where it is empty) or {mistake}.
  function read(field, text) {
    if (!text.trim()) return { value: null };
    const value = Number(text), { min, max, above } = field;
    if (!Number.isFinite(value) || (field.whole && !Number.isInteger(value))) return { mistake: field.whole ? "a whole number" : "a number" };
    if (min !== null && value < min) return { mistake: `at least ${min}` };
    if (max !== null && value > max) return { mistake: `at most ${max}` };
    if (above && value > 0 && value < above) return { mistake: `0 or at least ${above.toFixed(9)}` };
    return { value };
  }

  // A month of a system's tokens on hosted models: [[model, dollars]]. `price`: {input, output}, dollars a million tokens.
  function hosted({ tokens, hosted }, terms, price) {
    if (!price) return hosted.map(([model, per_query_usd]) => [model, per_query_usd * terms.monthly_queries]);
    if (tokens.prompt_mean === null) return [];
    return [["at the prices given", ((tokens.prompt_mean * price.input + tokens.completion_mean * price.output) / 1e6) * terms.monthly_queries]];
  }

  return { terms, decide, command, read, hosted, monthly, money, crossings, percent, dollars, seconds, days, whole, three };
})();
