"""What knows no subject: text, redaction, decoding, memory, the words of verdicts. Begin with `trust` and `memo`."""
