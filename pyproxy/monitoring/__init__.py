"""Figures for Prometheus: counted while serving (``meters``), sampled (``sampling``), looked up (``state``)."""
