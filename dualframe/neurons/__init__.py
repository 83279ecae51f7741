"""Point-neuron models: one file each, with equations, parameters and source."""
