"""Bytes that nobody would send on purpose: what comes from upstreams, clients, files and other processes.

``targets.py`` has a property for each reader of such bytes. The tests look for what breaks them with generated input
(hypothesis, the same each time); ``coverage_guided.py`` searches further, guided by the code that is reached.
"""
