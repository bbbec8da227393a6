from . import faithfulness as faithfulness
from . import floors as floors
from . import interventions as interventions
from . import landscape as landscape
from . import probing as probing
from . import robustness as robustness
from . import statistics as statistics
from . import validity as validity
