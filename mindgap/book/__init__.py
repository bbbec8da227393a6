"""The book: execution of its chapters, the site, and the widgets of its pages."""

import lazy_loader

from mindgap.extras import require

require("run", __name__, "pandas")
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
