"""Orders: implements protos/guanxi/sales/v1/orders.proto."""
