"""The command line of CardioAlert."""
