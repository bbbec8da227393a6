"""Results on disk: records that are written once, weights, checkpoints."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "pandas", "pyarrow", "safetensors")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
