"""The disk: the SQLite database and the cached files. All SQL lives here.

- ``directory``   the storage directory and the names in it
- ``lock``        one server per storage directory, and which database is ``served`` there
- ``claims``      one process of it that fetches a file
- ``database``    one writer thread, one reader; ``migrations`` holds the schema
- ``upstreams``   the upstreams' settings, ``secrets`` encrypts what is secret of them
- ``pages``       what upstreams answered for projects; ``recorded`` holds hashes learned at first download
- ``files``       verified bytes under their sha256, with ``temporary``, ``manifests``, ``intentions``, ``rebuild``,
                  ``uses`` and ``eviction``; ``headroom`` for removals on a full disk
- ``inventory``   totals; ``kept`` lists projects and files; ``space`` tells of the disk
- ``projects``    everything known by project, ``project_files`` of one of them, ``use_days`` what was not used for
                  long, all from sums that triggers keep; ``aside`` looks at them off the event loop
- ``pruning``     files beyond limits, and ``outdated`` answers; ``inspection`` finds damage, ``orphans`` tells what is
                  left over
- ``jobs``        long work in a server, told to all of its processes
"""
