"""Charts as values: where bars and lines go, what the axes say, and the same numbers as a table.

Pure: ``templates/admin/_charts.html`` writes them as SVG, which grows with the page while its text stays as it is.
"""
