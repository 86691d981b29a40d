"""The Simple Repository API, pure: model, parse, canonical form, render, negotiation, names. No I/O, no clock."""
