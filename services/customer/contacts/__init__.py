"""Contacts: protos/guanxi/customer/v1/contacts.proto."""
