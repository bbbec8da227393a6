"""The paper as data (tables, settings, claims), and the rule by which it is judged."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "pandas", "scipy", "statsmodels")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
