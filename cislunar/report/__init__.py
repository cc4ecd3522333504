"""What people look at: figures, the page, tables and files of a flown mission. Computes no result of its own."""
