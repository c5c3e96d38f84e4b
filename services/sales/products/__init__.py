"""Products: implements protos/guanxi/sales/v1/products.proto."""
