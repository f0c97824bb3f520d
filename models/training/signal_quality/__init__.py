"""Train the trees that judge a recording as technicians would; see README.md."""
