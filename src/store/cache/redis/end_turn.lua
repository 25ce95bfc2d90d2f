-- Gives a turn back, or leaves the line.
remove(ticket)
