"""What a system costs, in US dollars: a query, once, at each change of knowledge, a month.

Start with `economics`: the formulas, and `Economics`, one system's money. On it stand `prices` (what was measured and
what things cost → `Economics`; reads nothing, so asking again at other prices is cheap) and `cost` (a run's evidence
and price list → both, and the costs and totals of its results). `breakeven` compares the `Economics` of two systems;
`projection` prices the same tokens on hosted models.
"""
