"""Where kernels made from formulas say that they are: empty, and importable, as machine code that is kept on disk asks."""
