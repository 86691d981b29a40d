"""The server's own settings as they hold, where each comes from, and a copy of them: for the page and the JSON API.

- ``overview``   what is shown: frozen values
- ``server``     puts them together
"""
