"""Who may do what: the roles table, the authorizer that reads it, and the internal token."""

from services.chassis.access.authorizer import Authorizer
from services.chassis.access.identity import Identity
from services.chassis.access.roles import Roles, RolesError, load_roles
from services.chassis.access.token import Signer, TokenError, Verifier

__all__ = [
    "Authorizer",
    "Identity",
    "Roles",
    "RolesError",
    "Signer",
    "TokenError",
    "Verifier",
    "load_roles",
]
