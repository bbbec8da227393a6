from .compiled import load as load
from .compiled import save as save
from .files import arrays as arrays
from .files import description as description
from .files import to_npz as to_npz
from .files import to_pyg as to_pyg
from .onnx import to_onnx as to_onnx
