"""What flows between the stages: frozen dataclasses without algorithms."""
