"""What ``/simple/`` lists: what is known here, or what the most trusted upstream lists."""
