"""GitHub Actions: workflows, their runs and jobs. Begin with `builder`, then `session`."""
