"""From a graph program to the weights of a network, and the proof that they agree.

`compile` calls the other files: `layout` and `placement`, `selector` and `heads` (for
scores), `updates`, `readout`, `limits`. `static` holds what is known of a program
before it runs.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
