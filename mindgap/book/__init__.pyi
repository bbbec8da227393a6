from . import build as build
from . import downloads as downloads
from . import executions as executions
from . import pages as pages
from . import playground as playground
