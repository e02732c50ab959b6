"""Plans carried out, observed and written down."""
