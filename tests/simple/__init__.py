"""Tests of pyproxy.simple."""
