"""Customers: protos/guanxi/customer/v1/customers.proto."""
