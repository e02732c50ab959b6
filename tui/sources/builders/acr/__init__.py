"""ACR Tasks: tasks and runs of each registry as a source, and their `Builder`. Begin with `source` and `tasks`."""
