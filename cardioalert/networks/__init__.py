"""The networks at work: a picture or record in, what they read in it out."""
