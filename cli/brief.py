"""`guanxi brief CUSTOMER`: what to know before a call."""

from __future__ import annotations

import asyncio
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from guanxi.customer.v1 import touchpoints_pb2
from guanxi.gateway.v1 import briefs_pb2
from guanxi.gateway.v1.briefs_pb2_grpc import BriefServiceStub
from guanxi.gateway.v1.company_pb2 import Company, GetCompanyRequest
from guanxi.gateway.v1.company_pb2_grpc import CompanyServiceStub
from guanxi.insight.v1 import facts_pb2, rules_pb2, segments_pb2
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from cli.connection import CommandError, connect, plain_errors
from cli.formats import day, money, words
from cli.imports.cells import BadValue
from cli.imports.keys import id_of
from cli.segments import AsOf, parse_day

_console = Console()
_SECONDS = 10


def brief(
    customer: Annotated[
        str,
        typer.Argument(
            help="Key as in the files you import, id or name: 'Grün & Söhne', customers/12748."
        ),
    ],
    as_of: AsOf = "",
    keys_with_case: Annotated[
        bool,
        typer.Option("--keys-with-case", help="The key is one of files imported with this option."),
    ] = False,
) -> None:
    """Show what to know before calling a customer."""
    name = _name(customer, case_counts=keys_with_case)
    request = briefs_pb2.GetCallBriefRequest(name=name, as_of=parse_day(as_of))

    async def main() -> tuple[briefs_pb2.CallBrief, Company]:
        async with connect() as connection:
            brief = BriefServiceStub(connection.channel).GetCallBrief(
                request, metadata=connection.metadata, timeout=_SECONDS
            )
            company = CompanyServiceStub(connection.channel).GetCompany(
                GetCompanyRequest(), metadata=connection.metadata, timeout=_SECONDS
            )
            return await brief, await company

    with plain_errors():
        reply, company = asyncio.run(main())
    _show(reply, ZoneInfo(company.time_zone))


def _name(customer: str, *, case_counts: bool) -> str:
    try:
        key = customer.removeprefix("customers/")
        identifier = id_of("customer", key, case_counts=case_counts)
    except BadValue as bad:
        raise CommandError(f"{bad}.") from None
    return f"customers/{identifier}/callBrief"


def _show(reply: briefs_pb2.CallBrief, zone: ZoneInfo) -> None:
    _console.rule(escape(reply.customer.display_name or reply.name), align="left")
    _show_alerts(reply)
    told = {alert.text_en for alert in reply.alerts}
    for highlight in reply.highlights:
        if highlight not in told:
            _say(f"• {highlight}")
    _show_segment(reply)
    _show_purchases(reply)
    _show_touchpoints(reply, zone)
    for missing in reply.missing_parts:
        part = words(briefs_pb2.CallBrief.Part.Name(missing.part))
        _say(f"missing: {part} ({missing.status.message})", style="yellow")


def _say(text: str, style: str = "") -> None:
    # What people and companies are called is no markup.
    _console.print(text, style=style, markup=False)


def _show_segment(reply: briefs_pb2.CallBrief) -> None:
    if reply.HasField("segment") and reply.segment.segment:
        _console.print(f"Segment: {_told(reply.segment)}")
    if reply.HasField("prediction") and reply.prediction.HasField("window_expected"):
        window = reply.prediction
        days = sorted({day(window.window_start), day(window.window_end)})
        _console.print(
            f"Order expected {day(window.window_expected)}, window {' to '.join(days)},"
            f" confidence {window.confidence:.0%}"
        )


def _told(segment: segments_pb2.CustomerSegment) -> str:
    """What is known of it; of a prospect no more than that."""
    told = [words(facts_pb2.RfmSegment.Name(segment.segment))]
    if segment.value_tier:
        told.append(f"{words(facts_pb2.ValueTier.Name(segment.value_tier))} value")
    if segment.activity:
        told.append(words(facts_pb2.Activity.Name(segment.activity)))
    numbers = []
    if segment.r_score:
        numbers.append(f"R{segment.r_score} F{segment.f_score} M{segment.m_score}")
    if segment.purchase_days:
        numbers.append(f"{money(segment.spend_total)} on {segment.purchase_days} days")
    return ", ".join(told) + (f" ({', '.join(numbers)})" if numbers else "")


def _show_alerts(reply: briefs_pb2.CallBrief) -> None:
    for alert in reply.alerts:
        _console.print(rules_pb2.Severity.Name(alert.severity), style="bold", end=" ")
        _say(alert.text_en)


def _show_purchases(reply: briefs_pb2.CallBrief) -> None:
    if not reply.purchases:
        return
    table = Table("buys", "quantity", "net", "orders", title_justify="left")
    for purchase in reply.purchases:
        table.add_row(
            escape(purchase.description or purchase.product),
            f"{purchase.quantity:,}",
            money(purchase.base_net_amount),
            f"{purchase.order_count:,}",
        )
    _console.print(table)


def _show_touchpoints(reply: briefs_pb2.CallBrief, zone: ZoneInfo) -> None:
    for touchpoint in reply.touchpoints:
        when = touchpoint.touch_time.ToDatetime(zone).date().isoformat()
        kind = words(touchpoints_pb2.Touchpoint.Type.Name(touchpoint.type))
        _say(f"{when} {kind}: {touchpoint.subject or touchpoint.content}")
