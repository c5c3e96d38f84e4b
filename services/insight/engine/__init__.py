"""What keeps facts, scores, tags and alerts true: by events, by runs and by time."""
