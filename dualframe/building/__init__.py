"""One builder for both branches and for tasks: connections, calibrated weights, cells."""
