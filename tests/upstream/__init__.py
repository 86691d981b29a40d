"""The parts of the scripted upstream; tests import it from ``tests.upstream_server``."""
