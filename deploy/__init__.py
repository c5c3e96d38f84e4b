"""How the suite is started and shipped: one folder for each way."""
