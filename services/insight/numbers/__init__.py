"""Numbers that every slice shares: columns, quantiles, business days, and the contract's codes."""
