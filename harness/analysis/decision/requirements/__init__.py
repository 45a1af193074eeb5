"""What a user may ask for: of each requirement its field, flag, bounds, words and rule, in one row of `table`.

Nothing is obligatory. What is left out is either no requirement (a limit that nobody set) or assumed, and then the
decision says what it assumed. `rules` hold a system against a limit, `reading` reads files and flags.
"""
