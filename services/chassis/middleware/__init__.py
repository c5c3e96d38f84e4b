"""What happens around every RPC, one concern a file, in a stated order."""

from services.chassis.middleware.methods import ORDER, Methods

__all__ = ["ORDER", "Methods"]
