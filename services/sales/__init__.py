"""The sales service: products and orders, each in the folder named after its contract."""
