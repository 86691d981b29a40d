"""What administrators see: read models and inspections, without HTML and without HTTP."""
