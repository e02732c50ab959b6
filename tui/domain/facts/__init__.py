"""What sources tell: images, workloads, signatures, scans, gates, the events that carry them. Begin with `events`."""
