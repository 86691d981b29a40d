"""What the administrator sees first: what happened in a day, a week, a month or a year, and what needs attention."""
