"""The cluster source against scripted API servers on real sockets."""
