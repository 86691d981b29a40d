"""The JSON API, ``/api/v1``: what the administrator's pages do, for scripts.

- ``operation``    one operation: where it is, what it takes and answers; read off its function
- ``table``        all operations, and which one answers a request
- ``handler``      one operation from the request to the response; every error as problem+json
- ``reading``      from JSON bodies and queries to values, with each mistake by its key
- ``paging``       lists, a page at a time
- ``document``     the OpenAPI document, made from the table
- the nouns        the operations themselves: ``accounts``, ``tokens``, …
"""
