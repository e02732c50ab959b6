"""Plans carried out, observed and written down: nothing else in the program changes anything outside.

`run` carries a plan out, step by step, by ports alone; `transitions` is the table of what may follow what; `verify` and
`converge` say, of what was read afterwards, whether it is proven; `audit` and `state` are what is on disk before anything is
sent. Begin with `transitions`, then `run`.
"""
