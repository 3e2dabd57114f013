"""A site over two hundred modelled miners."""
