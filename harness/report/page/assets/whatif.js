// What `decide` decides, for the section "What if": the same formulas over the facts that page/whatif.py gives.
// Nothing here touches the page. Each part names the module whose rules it follows; sums are taken in the same order, so
// that figures agree to the last bit. null means: not known, or not set.

const WhatIf = (() => {
  const MET = "met", MISSED = "missed", UNKNOWN = "unknown", FARTHEST = 1e9;
  const RECOMMENDED = "recommended", UNDECIDED = "undecided", NONE_FEASIBLE = "none_feasible", NOT_COMPUTED = "not_computed";

  // Quantities (harness/quantities.py)

  const grouped = (text) => text.replace(/^(-?\d+)/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ","));
  const fixed = (value, decimals) => grouped(even(value, decimals));
  const rounded = (value) => Number(value.toExponential(2));
  const whole = (value) => fixed(value, 0);
  const plain = (value) => fixed(value, 1).replace(/\.0$/, "");
  const share = (value) => `${plain(100 * value)} point${plain(100 * value) === "1" ? "" : "s"}`;

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
    if (size >= 0.995) return `${sign}$${fixed(size, 2)}`;
    if (size < 1e-9) return `${sign}$${size.toExponential(1).replace(/e-(\d)$/, "e-0$1")}`;
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

  // Money (analysis/money/tariff.py, economics.py)

  // {per_query, fixed, refresh, storage}: US dollars of one strategy at the terms' prices.
  function money(of, tariff, terms) {
    if (!tariff) return { per_query: null, fixed: null, refresh: null, storage: 0 };
    const usd = (time) => (terms.usd_per_hour * time) / 3600;
    const index = of.retrieves ? (of.index_usd !== null ? of.index_usd : of.index_s === null ? null : usd(of.index_s)) : null;
    return {
      per_query: of.serial_s ? terms.usd_per_hour / (3600 * (1 / of.serial_s) * terms.utilisation) : of.serial_s,
      fixed: of.fixed_known ? (of.adapted ? tuning(of, tariff.labour, terms) : 0) + (index || 0) : null,
      refresh: of.refresh_known ? refreshing(of, tariff, index, usd) : null,
      storage: of.storage_usd_per_month,
    };
  }

  // cycles · (device hours · $/h + engineer hours · wage) + labels + evaluation
  function tuning(of, labour, terms) {
    const cycle = ((of.training_s || 0) / 3600) * terms.usd_per_hour + labour.cycle_usd;
    return terms.tuning_cycles * cycle + of.labels_usd + labour.evaluation_usd;
  }

  function refreshing(of, tariff, index, usd) {
    let total = 0;
    if (of.retrieves) total += tariff.changed_share * index;
    if (of.adapted) {
      const { refresh_usd, evaluation_usd } = tariff.labour;
      total += usd(of.training_s) + refresh_usd + tariff.changed_share * of.labels_usd + evaluation_usd;
    }
    return total;
  }

  function monthly(cost, terms, facts) {
    const refreshes = terms.refresh_days === null ? 0 : facts.days_per_month / terms.refresh_days;
    if (cost.per_query === null || cost.fixed === null || (refreshes && cost.refresh === null)) return null;
    return cost.per_query * terms.monthly_queries + cost.storage + cost.fixed / terms.horizon_months + (cost.refresh || 0) * refreshes;
  }

  // What is required (analysis/decision/needs.py)

  function held(requirement, value, limit, met, word, what = "", gap = word) {
    const detail = `${word(value)}${what && " "}${what}, required ${word(limit)}`;
    if (met) return { requirement, status: MET, detail, miss: 0 };
    const missing = Math.abs(value - limit);
    const miss = limit ? Math.min(missing / limit, FARTHEST) : missing;
    return { requirement, status: MISSED, detail: `${detail}: missed by ${gap(missing)}`, miss };
  }

  const unknown = (requirement, why) => ({ requirement, status: UNKNOWN, detail: `cannot be checked: ${why}`, miss: 0 });

  function unsure(found, word, low, high) {
    if (low !== null) return { ...found, detail: `${found.detail} (its interval reaches down to ${word(low)})` };
    if (high !== null) return { ...found, detail: `${found.detail} (its interval reaches up to ${word(high)})` };
    return found;
  }

  function accuracyHeld({ accuracy, stands }, terms) {
    const least = terms.min_accuracy;
    if (least === null) return null;
    const found = held("min_accuracy", accuracy, least, accuracy >= least, percent, "", share);
    if (!stands.interval) return found;
    const [low, high] = stands.interval;
    return unsure(found, percent, accuracy >= least && least > low ? low : null, accuracy < least && least <= high ? high : null);
  }

  function latencyHeld({ stands: { latency } }, terms, facts) {
    const most = terms.max_latency_s, name = terms.latency_percentile;
    if (most === null) return null;
    if (latency[name] !== null) return timed(latency, name, most, `at the ${name}`);
    for (const lower of Object.keys(facts.percentiles)) {
      if (lower === name) break;
      if (latency[lower] !== null && latency[lower] > most) return timed(latency, lower, most, `at the ${lower} already`);
    }
    return unknown("max_latency_s", `the ${name} needs ${facts.percentiles[name]} timed questions, and ${latency.n} were timed`);
  }

  function timed(latency, name, most, what) {
    const value = latency[name], [low, high] = latency.ci[name] || [null, null];
    const found = held("max_latency_s", value, most, value <= most, seconds, what);
    const down = low !== null && low <= most && most < value, up = high !== null && value <= most && most < high;
    return unsure(found, seconds, down ? low : null, up ? high : null);
  }

  function budgetHeld({ stands }, terms, usd) {
    const most = terms.monthly_budget_usd;
    if (most === null) return null;
    if (usd === null) return unknown("monthly_budget_usd", `its cost is not known: ${stands.unpriced}`);
    return held("monthly_budget_usd", usd, most, usd <= most, dollars, "a month");
  }

  // Knowledge that changes faster than a strategy can be brought up to date is never up to date.
  function updateHeld({ stands: { update_s, update_people_s } }, terms) {
    if (terms.refresh_days === null || (update_s === null && update_people_s === null)) return null;
    const value = (update_s || 0) + (update_people_s || 0), most = terms.refresh_days * 86400;
    const people = update_people_s ? `, ${seconds(update_people_s)} of them an engineer's` : "";
    return held("refresh_days", value, most, value <= most, seconds, `to take up a change${people}`);
  }

  // The choice (analysis/decision/choice.py)

  function appraise(one, facts, terms) {
    const cost = money(one.money, facts.tariff, terms), usd = monthly(cost, terms, facts);
    const outcomes = [
      accuracyHeld(one, terms), latencyHeld(one, terms, facts), budgetHeld(one, terms, usd),
      ...one.stands.constant, updateHeld(one, terms),
    ].filter(Boolean);
    const missed = outcomes.filter((outcome) => outcome.status === MISSED);
    const errors = (1 - one.accuracy) * terms.monthly_queries * (terms.error_price_usd || 0);
    return {
      name: one.name, accuracy: one.accuracy, cost, monthly: usd, total: usd === null ? null : usd + errors, outcomes, missed,
      feasible: !missed.length, unchecked: outcomes.some((outcome) => outcome.status === UNKNOWN),
    };
  }

  // Accuracy of one minus the other's: {low, high, p}; −1 to 1 where nothing is known.
  function difference(task, one, other) {
    for (const { a, b, low, high, p } of task.pairs) {
      if (a === other && b === one) return { low, high, p };
      if (a === one && b === other) return { low: 0 - high, high: 0 - low, p };
    }
    return { low: -1, high: 1, p: null };
  }

  const resolved = ({ low, high, p }) => (low > 0 || high < 0) && (p === null || p < 0.05);

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
    const entrants = task.strategies.filter((one) => one.stands).map((one) => appraise(one, facts, terms));
    const feasible = entrants.filter((one) => one.feasible);
    const byValue = terms.error_price_usd !== null && feasible.every((one) => one.total !== null);
    const made = { basis: byValue ? "value" : "accuracy", entrants, feasible, favourite: null, open: [], nearest: null };
    made.weighed = feasible.every((one) => one.monthly !== null);
    if (!feasible.length) {
      made.nearest = least(entrants, (one) => [one.missed.length, one.missed.reduce((sum, { miss }) => sum + miss, 0)]);
      return { ...made, status: NONE_FEASIBLE };
    }
    const [favourite, open] = (byValue ? chooseByValue : chooseByAccuracy)(task, feasible, terms);
    const settled = !open.length && !favourite.unchecked;
    return { ...made, favourite, open, status: settled && !useless(task, entrants, feasible) ? RECOMMENDED : UNDECIDED };
  }

  function chooseByValue(task, feasible, terms) {
    const favourite = least(feasible, (one) => [one.total, -one.accuracy]);
    const stake = terms.monthly_queries * (terms.error_price_usd || 0), slack = terms.value_margin * favourite.total;
    const open = feasible.filter((rival) => {
      if (rival === favourite) return false;
      const cheaper = rival.monthly - favourite.monthly;
      return cheaper + stake * difference(task, favourite.name, rival.name).low < -slack;
    });
    return [favourite, open];
  }

  // The cheapest of those not shown to be less accurate than the best; settled where it is as good as they.
  function chooseByAccuracy(task, feasible, terms) {
    const cost = (one) => one.monthly || 0, margin = terms.accuracy_margin;
    const best = least(feasible, (one) => [-one.accuracy, cost(one)]);
    const level = feasible.filter((one) => one === best || !resolved(difference(task, best.name, one.name)));
    const others = level.filter((one) => one !== best);
    if (others.length && level.some((one) => one.monthly === null)) return [best, others];
    const cheapest = least(level, (one) => [cost(one), -one.accuracy]);
    if (level.every((one) => one === cheapest || difference(task, cheapest.name, one.name).low > -margin)) return [cheapest, []];
    return [best, others.filter((one) => cost(one) < cost(best) || difference(task, best.name, one.name).low <= -margin)];
  }

  // Why nothing may be recommended (analysis/decision/verdict.py)
  function useless(task, entrants, feasible) {
    if (task.unfit) return task.unfit;
    if (!entrants.length || feasible.some((one) => one.accuracy)) return null;
    if (!entrants.some((one) => one.accuracy)) return "not one candidate gave a right answer";
    return feasible.length ? "not one candidate that meets the requirements gave a right answer" : null;
  }

  // [status, why nothing can be chosen]
  function standing(task, choice) {
    const names = choice.entrants.map((one) => one.name), left = Object.keys(task.excluded).length;
    if (!names.length && left) return [UNDECIDED, "Every candidate is left out because of a failed check."];
    if (!names.length) return [NOT_COMPUTED, "No candidate has an accuracy here, so there is nothing to choose."];
    if (names.length === 1 && choice.status !== NONE_FEASIBLE)
      return left
        ? [UNDECIDED, `Only ${names[0]} is left to choose, and a race with one runner decides nothing.`]
        : [NOT_COMPUTED, `Only ${names[0]} answered this task, so there is nothing to choose between.`];
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

  // Who is ahead over volume (columns) and refresh interval (rows): analysis/decision/sensitivity.py, outlook.py
  function map(facts, task, terms) {
    const volumes = [...new Set([...facts.grid.monthly_queries, terms.monthly_queries])].sort((a, b) => a - b);
    const intervals = [...new Set([...facts.grid.refresh_days, terms.refresh_days])].filter((value) => value !== null);
    const refreshes = [null, ...intervals.sort((a, b) => b - a)];
    const cell = (refresh_days, monthly_queries) => {
      const at = { ...terms, refresh_days, monthly_queries }, choice = choose(facts, task, at), [from, to] = pays(choice, at);
      return { winner: choice.favourite && choice.favourite.name, status: choice.status, weighed: choice.weighed, from, to };
    };
    return { monthly_queries: volumes, refresh_days: refreshes, rows: refreshes.map((r) => volumes.map((v) => cell(r, v))) };
  }

  // Break-even (analysis/money/breakeven.py): a is the one that costs more before the first query

  const over = (dearer, saved) => {
    const queries = saved > 0 ? Math.max(0, dearer) / saved : null;
    return queries !== null && Number.isFinite(queries) ? queries : null;
  };

  function breakEvens(facts, task, terms) {
    const entries = task.strategies.map((one) => {
      const cost = money(one.money, facts.tariff, terms);
      return { ...one, cost, upfront: cost.fixed === null ? null : cost.fixed + cost.storage * terms.horizon_months };
    });
    return entries.flatMap((one, at) => entries.slice(at + 1).map((two) => breakEven(...ordered(one, two))));
  }

  function ordered(one, two) {
    if (one.upfront === null || two.upfront === null) return [one, two];
    if (one.upfront === two.upfront) return (one.cost.per_query || 0) > (two.cost.per_query || 0) ? [two, one] : [one, two];
    return one.upfront > two.upfront ? [one, two] : [two, one];
  }

  function breakEven(a, b) {
    const row = {
      a: a.name, b: b.name, upfront_a: a.upfront, upfront_b: b.upfront, per_query_a: a.cost.per_query, per_query_b: b.cost.per_query,
      queries: null, per_refresh: null, flip_error_price: null, status: "unknown",
    };
    if (row.per_query_a === null || row.per_query_b === null) return row;
    const saved = row.per_query_b - row.per_query_a, better = a.accuracy - b.accuracy;
    if (a.cost.refresh !== null && b.cost.refresh !== null) row.per_refresh = over(a.cost.refresh - b.cost.refresh, saved);
    if (a.fair && b.fair && a.accuracy !== null && b.accuracy !== null && better !== 0) {
      const price = (row.per_query_a - row.per_query_b) / better;
      row.flip_error_price = price > 0 && Number.isFinite(price) ? price : null;
    }
    if (a.upfront === null || b.upfront === null) return row;
    row.queries = over(a.upfront - b.upfront, saved);
    const same = a.upfront === b.upfront && row.per_query_a === row.per_query_b;
    row.status = row.queries !== null ? (row.queries > 0 ? "reached" : "always") : same ? "equal" : "never";
    return row;
  }

  // Queries a month at which two strategies cost the same (report/pictures/money.py); `a` has the dearer start.
  function crossings(facts, name, terms) {
    const at = (cost, monthly_queries) => monthly(cost, { ...terms, monthly_queries }, facts);
    const lines = facts.tasks[name].strategies.map((one) => {
      const cost = money(one.money, facts.tariff, terms);
      return { name: one.name, start: at(cost, 0), slope: cost.per_query };
    }).filter((line) => line.start !== null);
    return lines.flatMap((one, place) => lines.slice(place + 1).flatMap((two) => {
      const [a, b] = one.start > two.start ? [one, two] : [two, one];
      const queries = (a.start - b.start) / (b.slope - a.slope);
      return Number.isFinite(queries) && queries > 0 ? [{ a: a.name, b: b.name, queries, usd: a.start + a.slope * queries }] : [];
    }));
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

  function decide(facts, name, at) {
    const task = facts.tasks[name], choice = choose(facts, task, at), [status, whyNot] = standing(task, choice);
    const favourite = whyNot || !choice.favourite ? null : choice.favourite.name;
    const unfit = useless(task, choice.entrants, choice.feasible);
    const found = {
      status, basis: choice.basis, favourite, why_not: whyNot, unfit,
      nearest: choice.nearest && choice.nearest.name, entrants: choice.entrants, open: choice.open.map((one) => one.name),
      break_even: breakEvens(facts, task, at), map: whyNot ? null : map(facts, task, at),
    };
    return { ...found, recommended: found.status === RECOMMENDED ? favourite : null, headline: headline(found), sentence: sentence(found, task, at) };
  }

  function headline({ status, favourite, nearest }) {
    if (status === RECOMMENDED) return `Take ${favourite}`;
    if (status === UNDECIDED) return favourite ? `Undecided, ${favourite} is ahead` : "Undecided";
    if (status === NONE_FEASIBLE) return `No strategy meets the requirements${nearest ? `; nearest is ${nearest}` : ""}`;
    return "Nothing to choose between";
  }

  function sentence({ status, favourite, nearest, why_not, unfit, entrants, open, basis }, task, at) {
    const said = unfit ? [`Nothing is recommended: ${unfit}.`] : [];
    if (why_not) return [...said, why_not].join(" ");
    const one = entrants.find((entrant) => entrant.name === (favourite || nearest));
    if (!one) return said.join(" ");
    if (status === NONE_FEASIBLE) return one.missed.map((outcome) => `${one.name}: ${outcome.detail}.`).join(" ");
    said.push(`${one.name}: ${task.graded ? `a mean ${task.metric} of ${percent(one.accuracy)}` : `${percent(one.accuracy)} right`}.`);
    if (one.monthly === null) said.push("What it costs is not known.");
    else if (basis === "value") said.push(`It is expected to cost ${dollars(one.total)} a month, ${dollars(one.total - one.monthly)} of them for wrong answers.`);
    else said.push(`It costs ${dollars(one.monthly)} a month at ${whole(at.monthly_queries)} queries.`);
    if (open.length) said.push(`Not settled against ${open.join(", ")}.`);
    if (one.unchecked) said.push(`What is required of ${one.name} cannot all be checked.`);
    return said.join(" ");
  }

  // The command that decides the same. A field left empty keeps the run's own value, as a flag left out does.
  function command(facts, given, folder) {
    const flags = facts.inputs.filter(({ name }) => given[name] !== null && given[name] !== undefined && given[name] !== facts.own[name]);
    const words = flags.flatMap(({ flag, name }) => [flag, String(given[name])]);
    if (given.latency_percentile && given.latency_percentile !== facts.own.latency_percentile)
      words.push("--latency-percentile", given.latency_percentile);
    return ["python", "-m", "harness", "decide", folder, ...words];
  }

  // What a field's text means: {value} (null where it is empty) or {mistake}.
  function read(input, text) {
    if (!text.trim()) return { value: null };
    const value = Number(text), { min, max, above } = input;
    if (!Number.isFinite(value) || (input.whole && !Number.isInteger(value))) return { mistake: input.whole ? "a whole number" : "a number" };
    if (min !== null && value < min) return { mistake: `at least ${min}` };
    if (max !== null && value > max) return { mistake: `at most ${max}` };
    if (above && value > 0 && value < above) return { mistake: `0 or at least ${above}` };
    return { value };
  }

  // A month of a strategy's tokens on hosted models: [[model, dollars]]. `price`: {input, output}, dollars a million tokens.
  function hosted(one, at, price) {
    const { prompt_tokens, completion_tokens, models } = one.hosted;
    if (!price) return models.map((row) => [row.model, row.per_query_usd * at.monthly_queries]);
    if (prompt_tokens === null) return [];
    return [["at the prices given", ((prompt_tokens * price.input + completion_tokens * price.output) / 1e6) * at.monthly_queries]];
  }

  return { terms, decide, command, read, hosted, monthly, money, crossings, percent, dollars, seconds, days, whole, three };
})();
