"""From a graph program to the weights of a network, and the proof that they agree.

`compile` calls the passes in this order: `static` (what is known of a program before it
runs), `updates` (components as sums of ReLUs), `layout` (hidden coordinates), `scores`
(a head for each selection), `readout` (encoders and decoders), `limits` (on which
graphs the network is exact). `explain` prints them. `smallest` finds the smallest
network, `verification` compares algorithm, interpreter and network, `anatomy` names the
rows and columns of the matrices.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
