// The table of questions. `DataTable` is defined above this script (page/assets.py). Whatever comes from data becomes
// text nodes; nothing here makes HTML of a string. DataTables shows a page of rows at a time; searching, filtering and sorting are
// done here, over plain arrays, so that 10,000 questions stay fluid.

const ID = 0, QUESTION = 1, RIGHT = 2, TAGS = 3, ANSWERABLE = 4, GOLD = 5, SEEN = 6, REPLIES = 7;
const SCORE = 0, PREDICTION = 1, PROMPT = 2, COMPLETION = 3, FINISH = 4, SECONDS = 5, SHOWN = 6, RETRIEVED = 7, EXAMPLES = 8;
const BEFORE = 0, AFTER = 1, AROUND = 2, TURNS = 3, PASSAGES = 4, CITED = 5; // of the form of a strategy's prompts
const STATES = [["", "any"], ["right", "right"], ["wrong", "wrong"], ["none", "no answer"]];
const SORTS = [ // column and direction, for narrow screens, where the table has no headers to click
  ["", "as asked"], ["0 desc", "as asked, last first"], ["1 asc", "question, A to Z"], ["1 desc", "question, Z to A"], ["3 desc", "replies, most wrong first"], ["3 asc", "replies, fewest wrong first"],
  ["4 desc", "tokens, most first"], ["4 asc", "tokens, fewest first"], ["5 desc", "time, longest first"], ["5 asc", "time, shortest first"],
];
const RETRIEVAL_STATES = [["", "any"], ["missed", "missed"], ["found", "found"]];

const form = document.getElementById("filters");
const status = document.getElementById("found"), save = document.getElementById("wrong-csv");
let tasks = null, task = null, shown = [], table = null, waiting = 0;

function el(tag, text, name) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (name) element.className = name;
  return element;
}

function option(value, text) {
  const element = el("option", text);
  element.value = value;
  return element;
}

// State of an answer: right, wrong, part (a graded score in between) or none.
function state(reply) {
  if (!reply) return "none";
  return reply[SCORE] === 1 ? "right" : reply[SCORE] === 0 ? "wrong" : "part";
}

function verdict(reply) {
  const how = state(reply);
  const words = { right: "✓ right", wrong: "✗ wrong", none: "– no answer" }[how];
  return el("span", words || `≈ ${(100 * reply[SCORE]).toFixed(1)} %`, how === "none" ? "empty" : how);
}

// Whether the gold documents were among those retrieved: null where nobody retrieved or none is gold.
function retrieval(row) {
  if (!row[GOLD].length) return null;
  const reply = row[REPLIES].find((reply, system) => reply && reply[RETRIEVED].length && task.retrieving[system]);
  if (!reply) return null;
  return reply[RETRIEVED].slice(0, reply[SHOWN]).some((number) => row[GOLD].includes(task.passages[number][0]));
}

function text(row) {
  const replies = row[REPLIES].map((reply) => (reply ? reply[PREDICTION] : ""));
  return [row[ID], row[QUESTION], ...row[RIGHT], ...row[TAGS], ...replies].join("\n").toLowerCase();
}

function seconds(row) {
  const timed = row[REPLIES].filter((reply) => reply && reply[SECONDS] !== null).map((reply) => reply[SECONDS]);
  return timed.length ? Math.max(...timed) : -1;
}

// The page's data is read once, and each task's search texts are made when it is first opened.
function open(name) {
  task = tasks[name];
  if (!task.texts) {
    task.texts = task.rows.map(text);
    task.numbers = new Map(task.rows.map((row, number) => [row[ID], number]));
    task.hits = task.rows.map(retrieval);
    task.keys = [
      null,
      task.rows.map((row) => row[QUESTION].toLowerCase()),
      null,
      task.rows.map((row) => row[REPLIES].filter((reply) => state(reply) === "wrong").length),
      task.rows.map((row) => Math.max(0, ...row[REPLIES].map((reply) => (reply ? reply[PROMPT] + reply[COMPLETION] : 0)))),
      task.rows.map(seconds),
    ];
  }
  fill(form.tag, [["", "any"], ...[...new Set(task.rows.flatMap((row) => row[TAGS]))].sort().map((tag) => [tag, tag])]);
  fill(form.retrieval, RETRIEVAL_STATES);
  form.retrieval.parentElement.hidden = !task.hits.some((hit) => hit !== null);
  form.tag.parentElement.hidden = form.tag.options.length < 2;
  const place = document.getElementById("by-strategy");
  place.replaceChildren(...task.strategies.map((strategy) => {
    const label = el("label", strategy), choice = el("select");
    choice.name = "strategy";
    fill(choice, STATES);
    label.append(choice);
    return label;
  }));
  presets();
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, label]) => option(value, label)));
}

function choices() {
  return [...document.querySelectorAll("#by-strategy select")];
}

// Buttons for what one most often looks for. Each sets the filters, which stay visible.
function presets() {
  const place = document.getElementById("presets");
  const buttons = task.contrasts.map(([right, wrong]) => [`${task.strategies[right]} right, ${task.strategies[wrong]} wrong`, { [right]: "right", [wrong]: "wrong" }, ""]);
  if (task.hits.some((hit) => hit === false)) buttons.push(["retrieval missed", {}, "missed"]);
  buttons.push(["nobody right", Object.fromEntries(task.strategies.map((_, number) => [number, "wrong"])), ""]);
  buttons.push(["clear filters", {}, ""]);
  place.replaceChildren(...buttons.map(([label, states, retrieval]) => {
    const button = el("button", label);
    button.type = "button";
    button.addEventListener("click", () => {
      choices().forEach((choice, number) => { choice.value = states[number] || ""; });
      form.retrieval.value = retrieval;
      if (label === "clear filters") { form.search.value = ""; form.tag.value = ""; }
      filter();
    });
    return button;
  }));
}

function matches() {
  const words = form.search.value.toLowerCase().split(/\s+/).filter(Boolean), tag = form.tag.value;
  const wanted = choices().map((choice) => choice.value);
  const hit = { missed: false, found: true }[form.retrieval.value];
  const kept = [];
  for (let number = 0; number < task.rows.length; number++) {
    const row = task.rows[number];
    if (hit !== undefined && task.hits[number] !== hit) continue;
    if (tag && !row[TAGS].includes(tag)) continue;
    if (wanted.some((want, system) => want && state(row[REPLIES][system]) !== want)) continue;
    if (words.every((word) => task.texts[number].includes(word))) kept.push(number);
  }
  return kept;
}

function filter() {
  clearTimeout(waiting); // what was typed is read now; a search still waiting would only draw the table once more
  const start = performance.now();
  shown = matches();
  table.draw();
  const all = task.rows.length.toLocaleString("en");
  status.textContent = [`${shown.length.toLocaleString("en")} of ${all} questions`, task.note].filter(Boolean).join(". ");
  status.dataset.ms = String(performance.now() - start);
  const address = finding();
  if (address !== location.hash && (address || location.hash.startsWith(FIND))) history.replaceState(null, "", address || "#questions");
  const wrongs = shown.reduce((sum, number) => sum + task.rows[number][REPLIES].filter((reply) => state(reply) === "wrong").length, 0);
  save.textContent = `${wrongs.toLocaleString("en")} wrong ${wrongs === 1 ? "answer" : "answers"} as CSV`;
  save.disabled = !wrongs;
}

// The filters as an address, which can be kept and sent: #find?task=…&is=right:rag&is=wrong:lora; nothing where all is shown.
const FIND = "#find?";
function finding() {
  const words = new URLSearchParams();
  for (const name of ["search", "tag", "retrieval"]) if (form[name].value) words.append(name, form[name].value);
  choices().forEach((choice, system) => { if (choice.value) words.append("is", `${choice.value}:${task.strategies[system]}`); });
  return words.size ? `${FIND}${new URLSearchParams({ task: form.task.value })}&${words}` : "";
}

// Sets the filters as an address of that form says.
function find(address) {
  const words = new URLSearchParams(address.slice(FIND.length)), name = words.get("task");
  if (!tasks[name]) return;
  if (form.task.value !== name) { form.task.value = name; open(name); }
  for (const field of ["search", "tag", "retrieval"]) form[field].value = words.get(field) || "";
  const wanted = new Map(words.getAll("is").map((word) => [word.slice(word.indexOf(":") + 1), word.slice(0, word.indexOf(":"))]));
  choices().forEach((choice, system) => { choice.value = wanted.get(task.strategies[system]) || ""; });
  filter();
  document.getElementById("questions").scrollIntoView();
}

// The wrong answers to the questions that are shown, a line each; what a spreadsheet would take for a formula gets an apostrophe.
function csv() {
  const cell = (text) => `"${String(text).replace(/(^|[,;|\t\r\n])([^\S\t\r\n]*)(?=[=+\-@＝＋－＠])/g, "$1$2'").replaceAll('"', '""')}"`;
  const lines = shown.flatMap((number) => {
    const row = task.rows[number];
    return row[REPLIES].flatMap((reply, system) => (state(reply) === "wrong"
      ? [[form.task.value, row[ID], row[QUESTION], row[RIGHT].join(" | "), row[TAGS].join(" "), task.strategies[system], reply[PREDICTION]]] : []));
  });
  return [["task", "id", "question", "right_answers", "tags", "strategy", "reply"], ...lines].map((line) => line.map(cell).join(",")).join("\n") + "\n";
}

function download() {
  const link = el("a");
  link.href = URL.createObjectURL(new Blob([csv()], { type: "text/csv" }));
  link.download = `${form.task.value}-wrong.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 0);
}

function sorted(order) {
  if (!order.length) return shown;
  const { column, dir } = order[0], keys = task.keys[column], sign = dir === "desc" ? -1 : 1;
  const by = keys ? (a, b) => (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b) : (a, b) => a - b;
  return [...shown].sort((a, b) => sign * by(a, b));
}

function serve(request, answer) {
  const rows = sorted(request.order).slice(request.start, request.start + request.length);
  answer({ draw: request.draw, recordsTotal: task.rows.length, recordsFiltered: shown.length, data: rows.map((number) => [number]) });
}

// Cells: each returns a node.

function idCell(number) {
  const row = task.rows[number], cell = el("div"), link = el("a", row[ID]), button = el("button", "details", "toggle");
  link.href = address(row);
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-label", `Details of ${row[ID]}`);
  cell.append(link, button);
  return cell;
}

function address(row) {
  return `#q=${encodeURIComponent(form.task.value)}/${encodeURIComponent(row[ID])}`;
}

function questionCell(number) {
  const row = task.rows[number], cell = el("div"), asked = el("bdi", row[QUESTION]);
  cell.append(asked);
  const about = [...row[TAGS]];
  if (row[SEEN] === true) about.push("fact in training");
  if (row[SEEN] === false) about.push("fact not in training");
  if (task.hits[number] === false) about.push("retrieval missed");
  if (about.length) cell.append(el("span", about.join(" · "), "tags"));
  return cell;
}

function rightCell(number) {
  const row = task.rows[number];
  if (!row[RIGHT].length) return el("span", "unanswerable: the right reply is a refusal", "empty");
  const cell = el("div");
  row[RIGHT].slice(0, 4).forEach((answer) => { const line = el("div"); line.append(el("bdi", answer)); cell.append(line); });
  if (row[RIGHT].length > 4) cell.append(el("span", `and ${row[RIGHT].length - 4} more`, "empty"));
  return cell;
}

function prediction(reply) {
  const empty = reply && !reply[PREDICTION].trim();
  return empty ? el("span", "(empty)", "empty") : el("bdi", reply ? reply[PREDICTION] : "");
}

function repliesCell(number) {
  const cell = el("div", undefined, "replies");
  task.rows[number][REPLIES].forEach((reply, system) => cell.append(el("strong", task.strategies[system]), verdict(reply), prediction(reply)));
  return cell;
}

// Side by side: a card a strategy.
function detail(number) {
  const row = task.rows[number], cell = el("div", undefined, "detail");
  row[REPLIES].forEach((reply, system) => {
    if (!reply) return;
    const card = el("section"), head = el("h3", `${task.strategies[system]} `);
    head.append(verdict(reply));
    const time = reply[SECONDS] === null ? "not timed" : `${reply[SECONDS].toFixed(3)} s`;
    const cut = reply[FINISH] === "length" ? ", cut by the token limit" : "";
    const line = el("p", undefined, "prediction");
    line.append(prediction(reply));
    card.append(head, line, el("p", `${reply[PROMPT]} prompt tokens, ${reply[COMPLETION]} answer tokens${cut}; ${time}`, "note"));
    if (reply[RETRIEVED].length) card.append(passages(row, reply));
    const read = prompt(row, system);
    if (read !== null) card.append(folded("the prompt that it read", el("pre", read)));
    cell.append(card);
  });
  return cell;
}

function folded(summary, content) {
  const fold = el("details");
  if (content.tagName === "PRE") content.tabIndex = 0;
  fold.append(el("summary", summary), content);
  return fold;
}

// The prompt as the model read it (page/prompts.py proves the form on the one that the run kept); null where it is not known.
function prompt(row, system) {
  const form = task.prompts[system], reply = row[REPLIES][system];
  if (!form || form.length === 2) return form && form[0] === row[ID] ? form[1] : null;
  const asked = (text) => form[AROUND].join(text);
  const shown = reply[RETRIEVED].slice(0, reply[SHOWN]).reverse().map((number) => task.passages[number].slice(1, 3).filter(Boolean).join("\n"));
  const examples = form[TURNS] ? [...reply[EXAMPLES]].reverse().map((id) => task.examples[id]) : [];
  if (examples.includes(undefined)) return null;
  let turn = asked(row[QUESTION]);
  if (form[PASSAGES] && shown.length) {
    const [lead, between, behind] = form[PASSAGES];
    turn = lead + shown.map((text, place) => (form[CITED] ? `${form[CITED].join(String(place + 1))} ${text}` : text)).join(between) + behind + turn;
  }
  const before = examples.map(([question, answer]) => asked(question) + form[TURNS][0] + answer + form[TURNS][1]);
  return [form[BEFORE], ...before, turn, form[AFTER]].join("");
}

function passages(row, reply) {
  const list = el("ol", undefined, "passages");
  reply[RETRIEVED].forEach((number, rank) => {
    const [document_, title, body, place] = task.passages[number], item = el("li");
    const name = task.documents[document_], gold = row[GOLD].includes(document_);
    if (gold) item.append(el("span", "★ right document ", "gold"));
    item.append(el("bdi", title && title !== name ? `${title} (${name})` : name));
    if (place) item.append(", ", el("bdi", place));
    if (rank >= reply[SHOWN]) item.append(el("span", " not in the prompt", "empty"));
    else if (body) item.append(folded("passage", el("p", body)));
    list.append(item);
  });
  return list;
}

const LABELS = ["", "", "Right", "", "Tokens", "Time"];
function columns() {
  const node = (make) => ({ data: 0, render: (number, type) => (type === "display" ? make(number) : number) });
  const tokens = (number) => el("span", task.keys[4][number].toLocaleString("en"));
  const time = (number) => el("span", task.keys[5][number] < 0 ? "–" : `${task.keys[5][number].toFixed(2)} s`);
  return [
    { title: "Id", ...node(idCell) },
    { title: "Question", ...node(questionCell) },
    { title: "Right answers", orderable: false, ...node(rightCell) },
    { title: "Replies (most wrong)", ...node(repliesCell) },
    { title: "Tokens, most", ...node(tokens) },
    { title: "Time, longest", ...node(time) },
  ];
}

function start() {
  tasks = JSON.parse(document.getElementById("data").textContent);
  const names = Object.keys(tasks).filter((name) => tasks[name].rows.length);
  if (!names.length) { status.textContent = "No question was asked."; form.hidden = true; return; }
  fill(form.task, names.map((name) => [name, name]));
  const wide = names.reduce((a, b) => (tasks[b].strategies.length > tasks[a].strategies.length ? b : a));
  form.task.value = wide;
  open(wide);
  shown = matches();
  table = new DataTable("#table", {
    serverSide: true, ajax: serve, columns: columns(), order: [], pageLength: 10, lengthMenu: [10, 25, 50, 100],
    searching: false, autoWidth: false,
    layout: { topStart: null, topEnd: null, bottomStart: "pageLength", bottomEnd: "paging" },
    language: { emptyTable: "No question matches.", zeroRecords: "No question matches.", lengthMenu: "_MENU_ questions a page" },
    createdRow: (tr, _, __, cells) => cells.forEach((cell, column) => { if (LABELS[column]) cell.dataset.label = LABELS[column]; }),
  });
  fill(form.sort, SORTS);
  table.on("order", () => {
    const [first] = table.order(), now = first ? `${first[0]} ${first[1]}` : "";
    form.sort.value = now === "0 asc" ? "" : now;
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", (event) => {
    if (event.target === form.task) open(form.task.value);
    const [column, direction] = form.sort.value.split(" ");
    if (event.target === form.sort) table.order(direction ? [[Number(column), direction]] : []);
    filter();
  });
  form.search.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filter, 80); });
  document.getElementById("table").addEventListener("click", (event) => {
    const button = event.target.closest("button.toggle");
    if (button) toggle(button.closest("tr"));
  });
  save.addEventListener("click", download);
  addEventListener("hashchange", () => follow(location.hash));
  const address = location.hash; // before the filters, which are still empty, write theirs
  filter();
  follow(address);
}

function toggle(tr, wanted) {
  const row = table.row(tr), opened = wanted ?? !row.child.isShown();
  if (opened) row.child(detail(row.data()[0])).show();
  else row.child.hide();
  tr.querySelector("button.toggle").setAttribute("aria-expanded", String(opened));
}

// #find?…: show what it finds. #q=task/question: show that row, whatever the filters hide.
function follow(address) {
  if (address.startsWith(FIND)) { find(address); return; }
  const match = /^#q=([^/]*)\/(.*)$/.exec(address);
  if (!match) return;
  let name, id;
  try { [name, id] = match.slice(1).map(decodeURIComponent); } catch { return; }
  if (!tasks[name]) return;
  if (form.task.value !== name) { form.task.value = name; open(name); }
  const number = task.numbers.get(id);
  if (number === undefined) return;
  form.search.value = form.tag.value = form.retrieval.value = "";
  choices().forEach((choice) => { choice.value = ""; });
  table.order([]);
  filter();
  table.page(Math.floor(number / table.page.len())).draw("page");
  const tr = [...document.querySelectorAll("#table tbody tr")].find((tr) => table.row(tr).data()?.[0] === number);
  if (tr) { toggle(tr, true); tr.scrollIntoView({ block: "start" }); tr.querySelector("a").focus({ preventScroll: true }); }
}

// First the page is painted, then the table is made.
requestAnimationFrame(() => setTimeout(start, 0));
