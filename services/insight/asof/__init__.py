"""Answers for another day: facts computed for it, under the statements that read today's."""
