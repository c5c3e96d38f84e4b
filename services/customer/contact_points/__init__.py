"""Contact points: phone numbers, email addresses and postal addresses of whoever has them."""
