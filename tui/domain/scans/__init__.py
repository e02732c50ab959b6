"""What scanners say, by image: which report is about which, merged, and what comes from a base. Begin with `scanned`."""
