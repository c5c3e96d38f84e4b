"""Generated demo data: seeded, labelled as generated, the same for everyone on the same day."""
