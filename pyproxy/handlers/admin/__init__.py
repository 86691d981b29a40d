"""The administrator's pages, ``/admin/…``: one module for each, all on `AdminHandler`."""
