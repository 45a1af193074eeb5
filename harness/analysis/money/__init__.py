"""What a strategy costs, in US dollars: a query, once, at each change of knowledge, a month.

Start with `economics`: the formulas, and `Economics`, one strategy's money. On it stand `tariff` (what was
measured and what things cost → `Economics`; reads nothing, so asking again at other prices is cheap) and then
`cost` (from a run's evidence and price sheet to both, and the blocks of results.json). `breakeven` compares the
`Economics` of several strategies; `projection` prices the same tokens on hosted models.
"""
