"""Jenkins: jobs, its queue and builds. Begin with `builder`, then `session`."""
