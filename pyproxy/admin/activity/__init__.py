"""The recent requests of clients and to upstreams, for people to look through."""
