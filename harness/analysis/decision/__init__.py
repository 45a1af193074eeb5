"""Which system to take on a task, at a volume, a horizon and a price of an error (docs/method.md, "Decision").

Start with `choice`: `choose(candidates, rules, setting)` decides, and everything else prepares it, asks it again or
puts it into words. Each knows those before it only:

- what is chosen among: `candidates`, and `pairs` (differences as the comparisons found them);
- `appraisal` (one at a setting; the cheaper, the simpler) and `choice`;
- `case`: what a task's decision rests on, made of a run's evidence;
- asked further: `chances` (of being best), `sensitivity` (what would change it), `literature` (what the field expects);
- in words: `caveats`, `words` (of which reasons and assumptions are made), `change_words`, `headline` (the three
  sentences that a decision opens with); `other_metrics`: the same choice where another metric counts;
- `verdict`: all of it as one `Decision`; `summary`: all tasks side by side.
"""
