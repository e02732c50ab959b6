"""What every source needs once: HTTP with its limits and waits, proxies, credentials, streams. Begin with `transport`."""
