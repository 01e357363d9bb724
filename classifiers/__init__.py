"""What does this text say? Text in, findings out; knows no web, no queue, no database."""
