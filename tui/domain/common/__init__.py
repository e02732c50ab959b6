"""What knows no subject: text, redaction, decoding, what is kept between rounds, and the words of verdicts."""
