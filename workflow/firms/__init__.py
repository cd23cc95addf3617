"""Who acts: people, the firms they stand for, and those firms' products (3.1, 7.1(1))."""
