"""Colleagues: what the customer service keeps of the directory of people, which is the sales
service's; whom a customer may be given to, and of which team it is then."""
