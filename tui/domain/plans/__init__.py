"""Plans: what to rebuild, redeploy or contain, in which order and why. Pure; nothing is carried out here. Begin with `plan`."""
