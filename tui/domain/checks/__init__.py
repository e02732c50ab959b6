"""The questions asked of images and containers, one module a check. Begin with `checks`, the list of them."""
