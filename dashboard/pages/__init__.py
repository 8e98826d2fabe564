"""The pages: what each shows of a place, and how an address is read. `routes.py` has the list of them."""
