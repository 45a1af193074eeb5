"""All runs of a folder in the order in which they were made, and where a figure changed from one to the next.

Start with `history`: a folder → `History`. Below it stand `figures` (results.json → what a history keeps of a run),
`series` (which runs asked the same and scored alike), `reading` (a run folder → `Run`, or why it cannot be read),
`scores` (a run's answers, read where a step needs them), `causes` (what two manifests tell apart), `changes` (a step →
whether accuracy, cost or latency changed). `document` is the whole as plain JSON.

Everything is a pure function of the run folders; nothing is written into any.
"""
