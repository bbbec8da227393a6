"""Measures of networks: how they work, what they hold, and statistics of many."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
