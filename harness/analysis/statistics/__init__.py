"""What scores on these questions say of further ones: intervals, differences, and whether those can be resolved.

Start with `comparisons`, which judges every pair of strategies for results.json. From the bottom: `clusters`
(which questions hang together), `intervals` (of a mean, of a difference), `power` (the smallest difference that
shows, the questions that one takes), `paired` (two strategies on the same questions: p, Holm, verdict); these
work on plain numbers. On them, and on the answers of
`analysis.accuracy`, stand `seeds` (one fine-tune trained several times) and `comparisons`. The methods, and how
often their intervals hold the truth, are in docs/method.md under "Statistics".
"""
