"""The Notary Project's signatures, as strict as notation-go. Begin with `static`, then `judge`."""
