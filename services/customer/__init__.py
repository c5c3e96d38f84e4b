"""The customer service: whom the company deals with, who decides there, and every step of the
journey with them."""
