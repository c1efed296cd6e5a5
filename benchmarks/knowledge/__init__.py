"""How often the right piece of knowledge is found: by meaning, by words, and by both."""
