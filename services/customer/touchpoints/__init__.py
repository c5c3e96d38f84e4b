"""Touchpoints: protos/guanxi/customer/v1/touchpoints.proto."""
