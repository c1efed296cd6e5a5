"""Parts of the language model that needs no model: how it talks, what it refuses, which tools it uses."""
