"""What a WhatsApp message costs, and how soon its webhook is answered."""
