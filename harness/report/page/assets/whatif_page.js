// The section "What if": reads the form, asks WhatIf (whatif.js) and shows what it answers. `el` and `fill` stand in page.js;
// as there, whatever comes from data becomes text nodes.
{
  const STATUSES = { recommended: "✓", undecided: "?", none_feasible: "✗", not_computed: "–" };
  const WORDS = ["latency_percentile", "tariff"]; // fields that are one of several words
  const LIMITS = { // how the value of each is written
    min_accuracy: WhatIf.percent, max_latency_s: WhatIf.seconds, monthly_budget_usd: WhatIf.dollars, refresh_days: WhatIf.seconds,
  };
  const SVG = "http://www.w3.org/2000/svg", WIDE = 440, HIGH = 250, LEFT = 60, RIGHT_END = 416, TOP = 10, BOTTOM = 206, PER_DECADE = 8;
  const form = document.getElementById("terms");
  const thousand = (usd) => (usd === null ? null : 1000 * usd);
  const place = (name) => document.getElementById(`what-if-${name}`);
  let facts = null;

  function row(cells, head) {
    const line = el("tr");
    line.append(...cells.map((cell, place) => {
      const box = el(head || place === 0 ? "th" : "td");
      if (head || place === 0) box.scope = head ? "col" : "row";
      box.append(cell instanceof Node ? cell : String(cell));
      return box;
    }));
    return line;
  }

  function table(caption, headers, rows) {
    const wide = el("div", undefined, "wide"), content = el("table", undefined, "figures"), head = el("thead"), body = el("tbody");
    head.append(row(headers, true));
    body.append(...rows.map((cells) => row(cells)));
    content.append(el("caption", caption, "hidden"), head, body);
    wide.tabIndex = 0;
    wide.role = "region";
    wide.setAttribute("aria-label", caption);
    wide.append(content);
    return wide;
  }

  // What stands in the form: {given, price, mistakes}; `price`: dollars a million tokens, where both are given.
  function read() {
    const given = {}, tokens = {}, mistakes = [];
    for (const field of facts.fields) given[field.name] = value(field, mistakes);
    for (const name of ["input", "output"]) {
      const box = form.elements[`${name}_usd_per_mtok`];
      tokens[name] = box ? value({ name: box.name, label: box.dataset.label, min: 0, max: 1e6 }, mistakes) : null;
    }
    for (const name of WORDS) given[name] = form.elements[name].value;
    return { given, price: tokens.input === null || tokens.output === null ? null : tokens, mistakes };
  }

  function value(field, mistakes) {
    const box = form.elements[field.name], { value, mistake } = WhatIf.read(field, box.value);
    box.setAttribute("aria-invalid", String(Boolean(mistake)));
    if (mistake) mistakes.push(`${field.label}: write ${mistake}.`);
    return mistake ? null : value;
  }

  function update() {
    const { given, price, mistakes } = read();
    place("mistakes").textContent = mistakes.join(" ");
    if (mistakes.length) return; // what is shown stays as it was
    const terms = WhatIf.terms(facts, given), names = Object.keys(facts.tasks), name = form.elements.shown.value;
    const decisions = Object.fromEntries(names.map((task) => [task, WhatIf.decide(facts, task, terms)]));
    place("verdicts").replaceChildren(...names.map((task) => card(task, decisions[task])));
    place("status").textContent = names.map((task) => `${task}: ${decisions[task].headline}`).join(" ");
    place("command").textContent = WhatIf.command(facts, given, folder()).map(quoted).join(" ");
    place("costs").replaceChildren(costs(decisions[name], terms), ...projected(name, terms, price));
    place("picture").replaceChildren(...picture(name, terms));
    place("map").replaceChildren(...decisionMap(name, decisions[name], terms));
  }

  // The folder that the page was opened from: the run's, unless the page was carried elsewhere.
  function folder() {
    if (location.protocol !== "file:") return "RUN";
    return decodeURIComponent(new URL(".", location.href).pathname).replace(/^\/([A-Za-z]:)/, "$1").replace(/(.)\/$/, "$1");
  }

  const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

  function card(name, decision) {
    const article = el("article", undefined, `outcome ${decision.status}`), title = el("h3"), headline = el("p", undefined, "headline");
    const mark = el("span", STATUSES[decision.status], "mark");
    title.append(el("bdi", name));
    mark.ariaHidden = "true";
    headline.append(mark, ` ${decision.headline}`);
    const nearest = decision.candidates.find((one) => one.name === decision.nearest);
    article.append(title, headline, el("p", nearest ? `${nearest.name}: ${requirements(nearest.outcomes)}.` : decision.reason));
    const excluded = Object.entries(facts.tasks[name].excluded);
    if (excluded.length) article.append(el("p", `Left out: ${excluded.map(([system, reason]) => `${system}, ${reason}`).join(" ")}`));
    return article;
  }

  function costs({ candidates }, terms) {
    const priced = terms.error_price_usd !== null; // without a price of errors the sum is the month's cost once more
    const headers = ["Strategy", "Accuracy", "A month", ...(priced ? ["With wrong answers"] : []), "1,000 queries", "Once", "Requirements"];
    const { percent, dollars } = WhatIf;
    const rows = candidates.map((one) => [
      one.name, percent(one.accuracy), monthly(one, terms), ...(priced ? [dollars(one.total)] : []),
      dollars(thousand(one.cost.per_query)), dollars(one.cost.fixed), el("span", requirements(one.outcomes), "long"),
    ]);
    return table("Costs under these terms", headers, rows);
  }

  // Dollars a month and the 95 % interval that the timed questions leave, where it has any width.
  function monthly({ monthly, cost }, terms) {
    if (monthly === null || !cost.ci) return WhatIf.dollars(monthly);
    const [low, high] = cost.ci.map((seconds) => WhatIf.monthly(cost, terms, facts, seconds));
    return low === high ? WhatIf.dollars(monthly) : `${WhatIf.dollars(monthly)} (${WhatIf.dollars(low)}–${WhatIf.dollars(high)})`;
  }

  function requirements(outcomes) {
    const open = outcomes.filter(({ status }) => status !== "met").map(requirement);
    return open.length ? open.join("; ") : outcomes.length ? "met" : "none";
  }

  function requirement({ requirement, status, value, limit, detail }) {
    if (detail) return detail; // worked out by the report
    const words = LIMITS[requirement], { limit: what } = facts.fields.find(({ name }) => name === requirement);
    return `${what} ${status === "missed" ? words(value) : "not known"}, required ${words(limit)}`;
  }

  function projected(name, terms, price) {
    const rows = facts.tasks[name].systems.flatMap((one) => WhatIf.hosted(one, terms, price).map(([model, usd]) => [one.name, model, WhatIf.dollars(usd)]));
    if (!rows.length) return [];
    const note = "A projection: the tokens of these answers at a hosted model's price. It takes no part in the decision.";
    return [el("p", note, "note"), table("Tokens on hosted models", ["Strategy", "Model", "A month"], rows)];
  }

  // As the table of `decide` says it: "rag ?" where it is undecided, "(from $0.10)" where errors have no price.
  function decisionMap(name, { map, basis, candidates }, terms) {
    if (!map) return [el("p", "Nothing was chosen, so there is nothing to map.", "note")];
    const costless = candidates.some((one) => one.feasible && one.monthly === null);
    const own = terms.assumed ? " (assumed)" : " (yours)";
    const headers = ["Knowledge changes", ...map.monthly_queries.map((n) => `${WhatIf.whole(n)} a month${n === terms.monthly_queries ? own : ""}`)];
    const rows = map.refresh_days.map((interval, line) => [
      `${interval === null ? "never" : `every ${WhatIf.days(interval)}`}${interval !== null && interval === terms.refresh_days ? " (yours)" : ""}`,
      ...map.rows[line].map((cell) => mapped(name, cell, basis, costless)),
    ]);
    const undecided = map.rows.flat().some(({ winner, status }) => winner !== null && status === "undecided");
    const prices = "In brackets: the prices of a wrong answer at which the same strategy also has the least expected cost.";
    const note = [
      undecided ? "? marks the best bet where the task is undecided." : "",
      costless ? "Not every cost is known, so accuracy alone speaks here." : basis === "value" ? "" : prices,
    ].join(" ");
    return [el("p", note, "note"), table("Who is ahead, by volume and refresh interval", headers, rows)];
  }

  function mapped(task, { winner, status, weighed, from, to }, basis, costless) {
    if (!weighed && !costless) return "cannot be weighed";
    if (winner === null) return "none";
    const cell = el("span"), name = el("span", status === "undecided" ? `${winner} ?` : winner, "winner");
    name.style.borderColor = facts.tasks[task].systems.find((one) => one.name === winner).look.colour;
    cell.append(name);
    const price = basis === "value" || !weighed ? "" : pays(from, to);
    if (price) cell.append(" ", el("span", price, "price"));
    return cell;
  }

  function pays(from, to) {
    if (from === null) return "(at no price)";
    if (to !== null) return `(${WhatIf.dollars(from)} to ${WhatIf.dollars(to)})`;
    return from ? `(from ${WhatIf.dollars(from)})` : "";
  }

  // The picture: dollars a month over queries a month, both on log axes; a line a system, a diamond a break-even, dotted the volume
  // of the terms.

  function drawn(tag, attributes, text) {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function short(value) {
    for (const [size, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])
      if (value >= size) return `${Number((value / size).toPrecision(3))} ${unit}`;
    return String(Number(value.toPrecision(3)));
  }

  const decades = (values) => [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))];

  function axis([low, high], from, to) {
    const top = Math.max(high, low + 1), step = Math.max(1, Math.ceil((top - low) / 6)), ticks = [];
    for (let power = low; power <= top; power += step) ticks.push(Number(`1e${power}`));
    return { at: (value) => from + ((Math.log10(value) - low) / (top - low)) * (to - from), ticks };
  }

  function picture(name, terms) {
    const range = decades([100, 1e7, terms.monthly_queries]), steps = (range[1] - range[0]) * PER_DECADE;
    const volumes = Array.from({ length: steps + 1 }, (_, step) => 10 ** (range[0] + step / PER_DECADE));
    const lines = facts.tasks[name].systems.map((system) => {
      const cost = WhatIf.money(system, terms);
      return { ...system, usd: volumes.map((monthly_queries) => WhatIf.monthly(cost, { ...terms, monthly_queries }, facts)) };
    }).filter(({ usd }) => usd.every((value) => value > 0));
    if (!lines.length) return [el("p", "No cost is known, so there is nothing to draw.", "note")];
    const x = axis(range, LEFT, RIGHT_END), y = axis(decades(lines.flatMap(({ usd }) => usd)), BOTTOM, TOP);
    const ends = lines.map((line) => `${line.name} ${WhatIf.dollars(line.usd[0])} to ${WhatIf.dollars(line.usd.at(-1))}`).join(", ");
    const label = `Dollars a month from ${short(volumes[0])} to ${short(volumes.at(-1))} queries: ${ends}`;
    const svg = drawn("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": label });
    const font = { "font-size": 12, fill: "var(--ink)" }, middle = { ...font, "text-anchor": "middle" }, own = x.at(terms.monthly_queries);
    const crossings = WhatIf.crossings(facts, name, terms).filter(({ queries }) => queries > volumes[0] && queries <= volumes.at(-1));
    svg.append(
      ...x.ticks.map((tick) => drawn("text", { ...middle, x: x.at(tick), y: BOTTOM + 17 }, short(tick))),
      ...y.ticks.map((tick) => drawn("line", { x1: LEFT, x2: RIGHT_END, y1: y.at(tick), y2: y.at(tick), stroke: "var(--line)" })),
      ...y.ticks.map((tick) => drawn("text", { ...font, "text-anchor": "end", x: LEFT - 6, y: y.at(tick) + 4 }, `$${short(tick)}`)),
      drawn("line", { x1: own, x2: own, y1: TOP, y2: BOTTOM, stroke: "var(--soft)", "stroke-dasharray": "2 3" }),
      drawn("text", { ...middle, fill: "var(--soft)", x: (LEFT + RIGHT_END) / 2, y: BOTTOM + 36 }, `queries a month; dotted: ${short(terms.monthly_queries)}`),
      ...lines.map((line) => stroke(line, volumes.map((volume, place) => `${x.at(volume).toFixed(1)},${y.at(line.usd[place]).toFixed(1)}`))),
      ...diamonds(crossings, x, y),
    );
    return [svg, legend(lines), el("figcaption", breakEvens(crossings), "note")];
  }

  const stroke = ({ look: { colour, dash } }, points) =>
    drawn("polyline", { points: points.join(" "), fill: "none", stroke: colour, "stroke-width": 2, "stroke-dasharray": dash.join(" ") });

  // Each volume once, labels one above the other where they lie close together.
  function diamonds(crossings, x, y) {
    const ordered = [...crossings].sort((a, b) => a.queries - b.queries);
    const labels = [...new Map(ordered.map((one) => [short(one.queries), one]))];
    const halo = { fill: "var(--ink)", stroke: "var(--paper)", "stroke-width": 3, "font-size": 11, "text-anchor": "end" };
    return [
      ...ordered.map(({ queries, usd }) => drawn("path", { d: `M${x.at(queries) - 6},${y.at(usd)}l6,-6l6,6l-6,6z`, fill: "var(--ink)" })),
      ...labels.map(([text, { queries, usd }], turn) => drawn("text", { ...halo, x: x.at(queries) - 6, y: y.at(usd) - 12 - 14 * (turn % 7) }, text)),
    ];
  }

  function breakEvens(crossings) {
    if (!crossings.length) return "No two lines cross at the volumes shown.";
    const pairs = crossings.map(({ dearer, other, queries }) => `${dearer} = ${other} at ${short(queries)}`).join(", ");
    return `Diamonds are break-evens, in queries a month; to the right the dearer start has paid back: ${pairs}.`;
  }

  function legend(lines) {
    const list = el("ul", undefined, "legend");
    list.append(...lines.map((line) => {
      const item = el("li"), key = drawn("svg", { viewBox: "0 0 30 8", width: 30, height: 8, "aria-hidden": "true" });
      key.append(stroke(line, ["0,4", "30,4"]));
      item.append(key, ` ${line.name}`);
      return item;
    }));
    return list;
  }

  async function copy() {
    const text = place("command");
    try { await navigator.clipboard.writeText(text.textContent); } catch { getSelection().selectAllChildren(text); }
  }

  function start() {
    facts = JSON.parse(document.getElementById("what-if-data").textContent);
    const names = Object.keys(facts.tasks);
    if (!names.length) return;
    fill(form.elements.shown, names.map((name) => [name, name]));
    form.elements.shown.value = names.reduce((a, b) => (facts.tasks[b].systems.length > facts.tasks[a].systems.length ? b : a));
    const asOwn = () => { for (const name of WORDS) form.elements[name].value = facts.own[name]; };
    asOwn();
    form.addEventListener("input", update);
    form.addEventListener("submit", (event) => event.preventDefault());
    place("reset").addEventListener("click", () => {
      for (const box of form.querySelectorAll("input")) box.value = "";
      asOwn();
      update();
    });
    place("copy").addEventListener("click", copy);
    update();
  }

  requestAnimationFrame(() => setTimeout(start, 0));
}
