"""The slice of protos/guanxi/customer/v1/search.proto: finding customers, while somebody types."""
