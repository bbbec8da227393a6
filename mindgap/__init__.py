"""mindgap: compile graph algorithms into graph attention networks, and train them.

A companion to Saldyt & Kambhampati, "Mind The Gap: Deep Learning Doesn't Learn Deeply"
(arXiv 2505.18623). `__init__.pyi` lists the names. Each is imported at its first
use, so that importing the package is quick.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__version__ = "0.1.0"
