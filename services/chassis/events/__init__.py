"""The event log of a service: sequenced after commit, fed to readers, pulled by them."""
