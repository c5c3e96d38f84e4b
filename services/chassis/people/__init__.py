"""People: whom a row may be given to, in a service that keeps a mirror of the directory, which is
another's."""
