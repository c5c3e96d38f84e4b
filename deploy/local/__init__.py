"""`make run`: the whole suite on one machine, four processes under one supervisor."""
