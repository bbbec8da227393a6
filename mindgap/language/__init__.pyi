from . import expressions as expressions
from . import interpreter as interpreter
from . import normal_forms as normal_forms
from . import program as program
from . import selection as selection
