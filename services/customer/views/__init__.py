"""Views: lists of customers and contacts as somebody wants to see them again."""
