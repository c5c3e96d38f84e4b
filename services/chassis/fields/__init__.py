"""Custom fields: what a company keeps of a resource besides what everybody keeps.

A service declares them in a table of its own; here is what a declaration means for values, columns,
lists and indexes.
"""
