"""A Kubernetes API server: lists in pages, watches, reviews and errors as kube-apiserver has them. Begin with `server`."""
