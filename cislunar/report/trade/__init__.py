"""The report of a trade study: one page that can be looked into closely, and printed."""
