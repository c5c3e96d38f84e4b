"""The one door for apps: REST, gRPC and event streams in front of the services."""
