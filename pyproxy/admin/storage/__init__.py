"""The storage as a whole: how full it is and of what, what may go, and whether what is there is sound."""
