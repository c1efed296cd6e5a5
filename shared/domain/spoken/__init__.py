"""What is said on the telephone besides the matter itself: signs of listening, goodbyes, our own fixed sentences."""
