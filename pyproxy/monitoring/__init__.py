"""Figures for Prometheus: counted (``meters``), sampled, looked up (``state``), and shown (``exposition``)."""
