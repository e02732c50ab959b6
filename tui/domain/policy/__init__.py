"""What is to be judged by: rules, scopes, waivers, and how they are chosen. Begin with `policy`."""
