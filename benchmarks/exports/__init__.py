"""How long the export of a full hour takes, and what memory."""
