"""Training: agents that learn a task side by side, and what is measured of them."""
