"""What is kept from getting in, and from getting out."""
