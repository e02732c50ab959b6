"""Workloads as they roll out, and what changes them: restart, pin, scale.

`redeployer` fulfils the port of actions: it reads (`reader`, `pods`, `stalls`, `keepers`), compares with what was planned from,
and sends one patch (`changes`). Nothing here is loaded before somebody plans or acts.
Begin with `redeployer`.
"""
