"""What a system costs, in US dollars: a query, once, at each change of knowledge, a month.

Start with `economics`: the formulas, and `Economics`, one system's money. `priced` makes one out of `measured` and
`prices` (reads nothing, so asking again at other prices is cheap); `cost` takes these from a run's evidence and price
list, and makes the costs and totals of its results. `breakeven` compares the `Economics` of two systems;
`projection` prices the same tokens on hosted models.
"""
