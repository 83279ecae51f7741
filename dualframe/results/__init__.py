"""What a run gives back, and how it is stored."""
