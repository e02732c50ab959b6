"""Systems that build images, one module a system: a source of jobs and runs, and the port `Builder`."""
