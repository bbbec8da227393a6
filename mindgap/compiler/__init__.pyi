from . import anatomy as anatomy
from . import layout as layout
from . import limits as limits
from . import readout as readout
from . import smallest as smallest
from . import static as static
from . import updates as updates
from . import verification as verification
