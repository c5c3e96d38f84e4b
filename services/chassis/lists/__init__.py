"""Lists: what a caller may filter and order by, page by page. Knows tables and columns, and no
business noun."""
