"""Training as a pure function of a key: configuration, one step, the loop.

Import `TrainConfig`, `make_train` and the other public names from here;
`__init__.pyi` lists them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
