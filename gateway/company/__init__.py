"""The company: protos/guanxi/gateway/v1/company.proto."""
