"""One named customer for each example of the business, so that every default rule shows itself."""

from __future__ import annotations

from datetime import date

from guanxi.customer.v1.contact_points_pb2 import EmailAddress, PhoneNumber
from guanxi.customer.v1.contacts_pb2 import Contact
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.customer.v1.touchpoints_pb2 import Touchpoint

from deploy.demo.catalogue import PRODUCTS, SELLERS
from deploy.demo.life import Demo, Life, call

_BY_ID = {product.id: product for product in PRODUCTS}
_CARTRIDGE = _BY_ID["filter-cartridge"]
_FINE_FILTER = _BY_ID["filter-fine"]
_SEAL_KIT = _BY_ID["seal-kit"]
_BEARING_KIT = _BY_ID["bearing-kit"]
_PUMP_M = _BY_ID["pump-m"]
_PUMP_L = _BY_ID["pump-l"]
_FLOW_SENSOR = _BY_ID["sensor-flow"]
_CONTROLLER = _BY_ID["controller"]
_SKID = _BY_ID["skid"]


def add_scenarios(demo: Demo, today: date, currency: str) -> None:
    """Adds the six named customers."""
    for index, scenario in enumerate(
        (
            (_silent_monthly_buyer, "lin-trading"),
            (_silent_vip, "huaxin-group"),
            (_march_and_september_buyer, "garden-world"),
            (_45_day_buyer, "dairy-lane"),
            (_large_order_last_year, "zhou-energy"),
            (_white_paper_downloader, "mei-tanaka"),
        )
    ):
        tell, customer_id = scenario
        tell(Life(demo, customer_id, SELLERS[index % len(SELLERS)], today, currency))


def _silent_monthly_buyer(life: Life) -> None:
    life.begins(_company("Lin Trading (monthly buyer, silent for three months)"), days_ago=1_000)
    for days_ago in range(95, 1_000, 30):
        life.orders((_CARTRIDGE, 40), (_SEAL_KIT, 20), days_ago=days_ago)
        life.touches(call("Monthly order", Touchpoint.DELIVERY), days_ago=days_ago + 1)
    life.touches(call("Where is the order?", outcome="will call back"), days_ago=12)


def _silent_vip(life: Life) -> None:
    life.begins(_company("Huaxin Group (VIP, not contacted for 30 days)"), days_ago=900)
    life.employs(
        Contact(
            given_name="\u5efa\u56fd",
            family_name="\u9648",
            job_title="General manager",
            role=Contact.DECISION_MAKER,
            approval_order=3,
            stance=Contact.NEUTRAL,
        ),
        Contact(
            given_name="\u654f",
            family_name="\u5218",
            job_title="Head of finance",
            department="Finance",
            role=Contact.APPROVER,
            approval_order=2,
            stance=Contact.SKEPTIC,
        ),
        Contact(
            given_name="\u4f1f",
            family_name="\u8d75",
            phones=[PhoneNumber(number="+86 138 0013 8000", kind=PhoneNumber.MOBILE)],
            job_title="Plant engineer",
            department="Works",
            role=Contact.EVALUATOR,
            approval_order=1,
            stance=Contact.CHAMPION,
        ),
    )
    for days_ago in range(20, 900, 40):
        life.orders((_SKID, 5), (_PUMP_L, 4), days_ago=days_ago)
    for days_ago in range(36, 900, 25):
        life.touches(
            call("Project review", Touchpoint.DELIVERY, Touchpoint.QUALITY), days_ago=days_ago
        )


def _march_and_september_buyer(life: Life) -> None:
    life.begins(_company("Garden World (buys in March and September)"), days_ago=1_095)
    for year in range(life.today.year - 3, life.today.year + 1):
        for month in (3, 9):
            days_ago = (life.today - date(year, month, 12)).days
            if 0 < days_ago < 1_095:
                life.orders((_PUMP_M, 30), (_FLOW_SENSOR, 15), days_ago=days_ago)
    life.touches(call("How did the season go?", outcome="content"), days_ago=25)


def _45_day_buyer(life: Life) -> None:
    life.begins(_company("Dairy Lane (buys every 45 days)"), days_ago=800)
    for index, days_ago in enumerate(range(40, 800, 45)):
        life.orders((_FINE_FILTER, 25 + index % 3), days_ago=days_ago)
    life.touches(call("Stock of filters", Touchpoint.PRICE), days_ago=18)


def _large_order_last_year(life: Life) -> None:
    life.begins(_company("Zhou Energy (large order at this time last year)"), days_ago=900)
    for days_ago in range(33, 900, 60):
        life.orders((_SEAL_KIT, 30), (_BEARING_KIT, 12), days_ago=days_ago)
    life.orders((_SKID, 1), (_CONTROLLER, 6), days_ago=362)
    life.touches(call("Spare parts", Touchpoint.DELIVERY), days_ago=14)


def _white_paper_downloader(life: Life) -> None:
    person = Customer(
        kind=Customer.PERSON,
        display_name="Mei Tanaka (downloaded a white paper, no follow-up yet)",
        given_name="Mei",
        family_name="Tanaka",
        emails=[EmailAddress(address="mei.tanaka@example.com", kind=EmailAddress.WORK)],
        industry="pharma",
        region="Overseas",
        source="SEARCH",
    )
    life.begins(person, days_ago=9)
    visit = Touchpoint(
        type=Touchpoint.PAGE_VIEW, channel=Touchpoint.SEARCH, subject="Hygienic pumps"
    )
    life.touches(visit, days_ago=9)
    life.touches(
        Touchpoint(
            type=Touchpoint.DOWNLOAD,
            channel=Touchpoint.WEBSITE,
            direction=Touchpoint.INBOUND,
            subject="White paper: pumps in clean rooms",
            products_of_concern=["products/pump-l"],
        ),
        days_ago=6,
    )


def _company(display_name: str) -> Customer:
    return Customer(
        kind=Customer.ORGANIZATION,
        display_name=display_name,
        phones=[PhoneNumber(number="+86 21 5550 0100", kind=PhoneNumber.WORK)],
        industry="water",
        region="East",
        source="TRADE_EVENT",
    )
