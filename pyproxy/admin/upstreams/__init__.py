"""The upstreams as an administrator changes them: the one place for pages, the JSON API and commands. No HTTP.

- ``upstreams``   `Upstreams`: add, change, move, switch, remove, each with its line in the audit log
- ``given``       from what was sent to settings: masks, uploaded files, and which secrets are asked for again
- ``changes``     what is different, for the audit log and for whoever was overtaken
"""
