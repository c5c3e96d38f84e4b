"""People, the directory of users and teams: implements protos/guanxi/sales/v1/people.proto."""
