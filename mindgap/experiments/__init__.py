"""Experiments: their definition; training, measuring and recording blocks of seeds."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "pandas", "safetensors", "tqdm")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
