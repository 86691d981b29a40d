"""One transfer of a file for all processes on a storage directory: workers, their successors, commands beside them.

The decision, and why:

- Who holds the *claim* of a file (``storage/claims.py``, a lock that the kernel releases with its process) fetches it
  like a server of one process. Nothing is inherited from a parent: processes find each other in the storage
  directory alone, so that workers of any generation, and commands, take part.
- Each process that fetches listens on a socket in its own temporary folder, which the next start sweeps. Who does
  not get the claim asks the others there, and *follows* the one that answers. What it is given is the descriptor of
  the file that grows, then a message whenever that has grown (`Progress`). The bytes do not pass through the socket:
  each process reads them from the file, which is in the page cache, and no farther than the fetching process has
  released them. So the last 64 KiB wait for the verdict in every process.
- Who fetches and fails tells its error, and everybody's clients hear the same: nobody asks the upstream again for it.
  Who dies, or gives up because it stops, lets go of the claim: one of the followers takes it and fetches from the
  beginning. Its readers compare the new copy with what they gave before and go on, or end broken.
- Who is stuck (stopped, or waiting for a disk that does not answer) keeps the claim, but no longer tells even that it
  is there: then the others fetch without one. Readers that have bytes of its copy end broken, for should it go on, it
  may overwrite what they were given.
- Where the disk takes nothing, the file is in the memory of the one that fetches: then each process fetches its own,
  as it does where there are no such locks or sockets, and where nobody answers.

Without others this costs a lock and one look-up in the database for each file that is fetched.
"""
