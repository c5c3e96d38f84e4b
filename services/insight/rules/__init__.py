"""Rules: filters over facts that tag customers and raise alerts. The defaults are data."""
