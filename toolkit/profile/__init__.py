"""What a CSV file holds, told from the file itself, and a first contract drafted from that."""
