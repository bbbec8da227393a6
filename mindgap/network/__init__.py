"""The network: dm-clrs's encoders, graph attention and decoders; loss and scores.

Import `init`, `apply` and the other public names from here; `__init__.pyi` lists them.
The layers are in the modules of this package.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
