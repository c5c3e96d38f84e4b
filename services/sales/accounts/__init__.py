"""Accounts: what sales keeps of the customers, who are the customer service's."""
