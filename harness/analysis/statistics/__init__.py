"""What scores on these questions say of further ones: intervals, differences, and whether those can be resolved.

Plain numbers in and out. From the bottom: `clusters` (which questions hang together), `intervals` (of a mean, of a
difference), `power` (the smallest difference that shows, the questions that one takes), `exchange` (the p of two
systems on the same questions), `paired` (their difference with its p, Holm, verdict). The methods, and how often their
intervals hold the truth, are in docs/method.md under "Statistics".
"""
