"""Generates the whole demo: six named customers and some 500 others over three years."""

from __future__ import annotations

import random
from datetime import date

from guanxi.customer.v1.contact_points_pb2 import EmailAddress, PhoneNumber
from guanxi.customer.v1.contacts_pb2 import Contact
from guanxi.customer.v1.customers_pb2 import Customer
from guanxi.customer.v1.touchpoints_pb2 import Touchpoint

from deploy.demo import catalogue
from deploy.demo.life import Demo, Life, call, products
from deploy.demo.scenarios import add_scenarios

SEED = 20_260_301
_OTHERS = 494
_THREE_YEARS_DAYS = 1_095
_TALKS = (
    ("Delivery date", Touchpoint.DELIVERY),
    ("Price list", Touchpoint.PRICE),
    ("Spare parts", Touchpoint.SERVICE),
    ("Framework contract", Touchpoint.CONTRACT),
    ("Quality of the last delivery", Touchpoint.QUALITY),
)
# From the top.
_CHAIN = (
    ("Managing director", Contact.DECISION_MAKER),
    ("Head of finance", Contact.APPROVER),
    ("Head of purchasing", Contact.EVALUATOR),
)
_STANCES = (Contact.CHAMPION, Contact.SUPPORTER, Contact.NEUTRAL, Contact.SKEPTIC)


def generate(today: date, currency: str) -> Demo:
    """The demo as of a day, in a currency. The same day gives the same data."""
    demo = Demo(products=products(currency))
    add_scenarios(demo, today, currency)
    chance = random.Random(SEED)  # noqa: S311 - invented data, nothing secret
    people = random.Random(SEED)  # noqa: S311 - of their own: lives don't change with them
    for number in range(_OTHERS):
        life = Life(demo, f"demo-{number:04d}", chance.choice(catalogue.SELLERS), today, currency)
        _live(life, chance, number)
        life.employs(*_people(people))
    return demo


def _live(life: Life, chance: random.Random, number: int) -> None:
    """A customer with a cycle of its own; some never buy, some have stopped."""
    known_for = chance.randint(30, _THREE_YEARS_DAYS)
    life.begins(_company(chance, number), days_ago=known_for)
    never_buys = chance.random() < 0.12
    stopped_days_ago = (
        chance.randint(60, known_for) if known_for > 90 and chance.random() < 0.3 else 0
    )
    if not never_buys:
        _buy(life, chance, known_for, stopped_days_ago)
    _talk(life, chance, known_for, stopped_days_ago)


def _people(chance: random.Random) -> list[Contact]:
    """Nobody at half of them; at others up to three, who sign after those who report to them."""
    count = chance.choice((0, 0, 0, 0, 0, 1, 1, 2, 2, 3))
    return [
        Contact(
            given_name=chance.choice(catalogue.GIVEN_NAMES),
            family_name=chance.choice(catalogue.FAMILY_NAMES),
            job_title=title,
            role=role,
            approval_order=count - level,
            stance=chance.choice(_STANCES),
        )
        for level, (title, role) in enumerate(_CHAIN[:count])
    ]


def _buy(life: Life, chance: random.Random, known_for: int, stopped_days_ago: int) -> None:
    cycle_days = chance.choice((21, 30, 30, 45, 60, 90, 120, 180))
    size = chance.choice((1, 1, 2, 3, 6))
    days_ago = known_for - chance.randint(1, 20)
    while days_ago > stopped_days_ago:
        basket = chance.sample(catalogue.PRODUCTS[:-1], k=chance.randint(1, 4))
        life.orders(
            *((product, size * chance.randint(1, 8)) for product in basket), days_ago=days_ago
        )
        days_ago -= max(2, round(chance.gauss(cycle_days, cycle_days * 0.15)))


def _talk(life: Life, chance: random.Random, known_for: int, stopped_days_ago: int) -> None:
    days_ago = known_for - 1
    while days_ago > stopped_days_ago:
        subject, topic = chance.choice(_TALKS)
        life.touches(call(subject, topic), days_ago=days_ago)
        days_ago -= chance.randint(20, 60)


def _company(chance: random.Random, number: int) -> Customer:
    family = chance.choice(catalogue.FAMILY_NAMES)
    trade = chance.choice(catalogue.TRADES)
    return Customer(
        kind=Customer.ORGANIZATION,
        display_name=f"{family} {trade} (demo {number})",
        phones=[PhoneNumber(number=f"+86 21 5551 {number:04d}", kind=PhoneNumber.WORK)],
        emails=[EmailAddress(address=f"office@{family.lower()}-{number}.example")],
        industry=chance.choice(catalogue.INDUSTRIES),
        region=chance.choice(catalogue.REGIONS),
        source=chance.choice(catalogue.SOURCES),
    )
