"""How a certificate is drawn, signed and read: typst and pyHanko, kept apart from who asks."""
