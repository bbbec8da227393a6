"""The paper as data (tables, settings, claims), and the rule by which it is judged."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
