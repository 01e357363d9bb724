"""Other APIs' shapes: who calls one of them moves by changing an address. What is not offered is said, never made up."""
