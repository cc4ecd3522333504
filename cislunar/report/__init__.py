"""What people look at: figures, page, tables and files of a flown mission; no result is computed here."""
