"""How the shipped networks were trained; not part of the package."""
