"""The database as each released version made it, as SQL text: what an upgrade begins with.

A release adds one, before its schema can change again::

    python -m tests.storage.schemas.dump     # writes tests/storage/schemas/<version>.sql
"""
