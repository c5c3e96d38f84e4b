"""A package with migrations as a service has them, for the tests of `chassis.store.migrate`."""
