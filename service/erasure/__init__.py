"""What is forgotten: a post or all of an author at the forum's word, with a receipt; and what is kept longer than it may be."""
