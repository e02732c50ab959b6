"""What the program may be told: the settings and the policy file, TOML, read strictly. Begin with `settings`."""
