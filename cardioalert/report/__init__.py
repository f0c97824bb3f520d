"""The answer for people: in the terminal, as text, on the photo, redrawn on paper."""
