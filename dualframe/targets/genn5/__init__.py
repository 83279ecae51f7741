"""The target genn5: PyGeNN 5, from the lowered network without Brian2's code generation."""
