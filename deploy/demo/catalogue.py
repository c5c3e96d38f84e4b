"""The invented company behind the demo: its products, its sellers, its market."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DemoProduct:
    """A product with its list price in whole units of the base currency."""

    id: str
    name: str
    category: str
    price: int


@dataclass(frozen=True, slots=True)
class Seller:
    """A colleague and their team."""

    owner: str
    team: str


PRODUCTS = (
    DemoProduct("pump-s", "Circulation pump S", "pumps", 420),
    DemoProduct("pump-m", "Circulation pump M", "pumps", 890),
    DemoProduct("pump-l", "Process pump L", "pumps", 4_800),
    DemoProduct("valve-ball", "Ball valve DN25", "valves", 65),
    DemoProduct("valve-gate", "Gate valve DN80", "valves", 240),
    DemoProduct("valve-control", "Control valve DN50", "valves", 1_350),
    DemoProduct("filter-fine", "Fine filter", "filters", 180),
    DemoProduct("filter-cartridge", "Filter cartridges, pack of 10", "filters", 95),
    DemoProduct("sensor-flow", "Flow sensor", "sensors", 310),
    DemoProduct("sensor-pressure", "Pressure sensor", "sensors", 275),
    DemoProduct("controller", "Pump controller", "controls", 1_150),
    DemoProduct("seal-kit", "Seal kit", "spares", 48),
    DemoProduct("bearing-kit", "Bearing kit", "spares", 76),
    DemoProduct("service-visit", "Service visit", "services", 650),
    DemoProduct("training", "Operator training, one day", "services", 1_200),
    DemoProduct("skid", "Pump skid, complete", "systems", 28_000),
)

SELLERS = (
    Seller("users/ann", "teams/north"),
    Seller("users/ben", "teams/north"),
    Seller("users/chen", "teams/south"),
    Seller("users/dora", "teams/south"),
)

REGIONS = ("North", "South", "East", "West", "Overseas")
INDUSTRIES = ("water", "food", "chemicals", "energy", "buildings", "pharma")
SOURCES = ("WEBSITE", "SEARCH", "TRADE_EVENT", "REFERRAL", "PARTNER", "ADS")

FAMILY_NAMES = (
    "Lin", "Wang", "Zhao", "Huang", "Zhou", "Wu", "Xu", "Sun", "Ma", "Zhu",
    "Baker", "Fischer", "Rossi", "Novak", "Silva", "Okafor", "Haddad", "Kim", "Tanaka", "Moreau",
)  # fmt: skip
GIVEN_NAMES = (
    "Wei", "Min", "Jing", "Hao", "Anna", "Peter", "Giulia", "Jan", "Ana", "Ngozi", "Omar", "Claire",
)  # fmt: skip
TRADES = (
    "Trading", "Waterworks", "Foods", "Chemicals", "Energy", "Facilities",
    "Pharma", "Engineering", "Brewery", "Paper", "Textiles", "Dairy",
)  # fmt: skip
