"""Says what the settings say of the company, so that apps need no settings of their own for it."""

from datetime import date
from typing import Any

import grpc
from guanxi.gateway.v1.company_pb2 import Company, GetCompanyRequest
from guanxi.gateway.v1.company_pb2_grpc import CompanyServiceServicer

from services.chassis.dates import to_date

__all__ = ["CompanyServicer"]


class CompanyServicer(CompanyServiceServicer):
    """Answers GetCompany."""

    def __init__(self, *, base_currency: str, time_zone: str, earliest_date: date) -> None:
        self._company = Company(
            base_currency_code=base_currency,
            time_zone=time_zone,
            earliest_date=to_date(earliest_date),
        )

    async def GetCompany(
        self, request: GetCompanyRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> Company:
        """The same answer to everybody."""
        return self._company
