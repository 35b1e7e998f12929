"""Operations: parse, validate, normalize, coerce variables. See `prepare.py`."""

from gateway.operation.limits import OperationLimits
from gateway.operation.model import Operation
from gateway.operation.prepare import PreparedOperation, prepare_operation
from gateway.operation.variables import coerce_variables

__all__ = [
    "Operation",
    "OperationLimits",
    "PreparedOperation",
    "coerce_variables",
    "prepare_operation",
]
