"""Accounts: what sales keeps of the customers, who are the customer service's; the way in for
whatever is written for one."""
