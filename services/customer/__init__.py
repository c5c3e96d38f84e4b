"""The customer service: whom the company deals with, and every step of the journey with them."""
