"""The embedded estate: servers that speak the real protocols on loopback. Begin with `running`."""
