"""The legacy JSON API: documents of upstreams, kept like pages, and those that are made here."""
