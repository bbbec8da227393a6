"""The network: dm-clrs's encoders, graph attention and decoders, and its scores.

Import `init`, `apply` and what goes with them from here; the files hold the layers.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
