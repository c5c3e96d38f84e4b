"""What happens around every RPC, one concern a file, in a stated order."""

from services.chassis.middleware.interceptor import ORDER, Interceptor

__all__ = ["ORDER", "Interceptor"]
