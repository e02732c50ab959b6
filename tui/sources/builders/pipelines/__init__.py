"""Azure Pipelines: pipelines, their runs and approvals. Begin with `builder`, then `session`."""
