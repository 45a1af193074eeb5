"""Which strategy to take on a task, at a volume, a horizon and a price of an error (docs/method.md, "Decision").

Start with `choice`: `choose(candidates, rules, setting)` decides, and everything else prepares it, asks it again or
tells of it. Each knows those before it only:

- what is chosen among: `candidates` (and the `Setting`), `needs` (requirement and candidate → met, missed, unknown),
  `pairs` (differences as the comparisons found them);
- `choice`;
- asked further: `chances` (of being best), `sensitivity` (what would change it; `outlook` tells it);
- told: `telling` (sentences whose figures are looked up), `rivals`, `caveats` and `headroom`, of which `reasons` is
  made, `assumptions`, `literature` (what the field expects), then `verdict` (the `decision` block of a task) and
  `summary` (all tasks side by side);
- `case`: from a run's evidence to all that.
"""
