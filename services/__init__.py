"""The services of the suite, one package each, and the chassis they stand on."""
