"""Figures: arrays in, a figure out. Nothing here loads or computes results."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "matplotlib")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
