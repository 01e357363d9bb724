"""What people decided, as examples to learn from: posts without what points to a person, with the labels that a decision implies."""
