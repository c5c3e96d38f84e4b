"""A company's customers to search among, and what people type: Chinese, Latin and mixed names, with
phones, addresses and ids. Written straight into the tables, without events."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from services.chassis.caller import Caller
from services.chassis.creation import New
from services.chassis.store import Store, WriteTransaction
from services.customer.contact_points.model import EmailAddress, PhoneNumber
from services.customer.customers.model import Customer, CustomerKind, Draft, register
from services.customer.customers.store import beside, customers

OWNERS = 1_000
TEAMS = 20
_BATCH = 1_000
_START = datetime(2026, 1, 1, tzinfo=UTC)
_FAMILIES = list(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓"
    "曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔单仇解查"
)
_GIVEN = list(
    "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超兰霞平刚桂华建国文"
    "辉玲红玉志鹏飞鑫波斌宇浩凯慧巧美琳雪荣爱妹莉佳嘉琼勤珍贞"
)
_PLACES = [
    "上海",
    "北京",
    "广州",
    "深圳",
    "杭州",
    "南京",
    "苏州",
    "成都",
    "武汉",
    "重庆",
    "天津",
    "西安",
    "青岛",
    "大连",
    "厦门",
    "宁波",
    "长沙",
    "郑州",
]
_TRADES = [
    "贸易",
    "科技",
    "电子",
    "医疗",
    "食品",
    "建筑",
    "物流",
    "信息",
    "环保",
    "机械",
    "纺织",
    "教育",
    "文化",
    "银行",
    "能源",
    "汽车",
]
_FIRST = [
    "Anna",
    "Ben",
    "Clara",
    "David",
    "Elena",
    "Finn",
    "Greta",
    "Hugo",
    "Ida",
    "Jonas",
    "Karla",
    "Liam",
    "Mara",
    "Nils",
    "Olga",
    "Paul",
    "Rosa",
    "Tom",
    "Zoé",
]
_LAST = [
    "Schmidt",
    "Müller",
    "Nordin",
    "Keller",
    "Rossi",
    "García",
    "Novak",
    "Tanaka",
    "Smith",
    "Jones",
    "Brown",
    "Lindqvist",
    "Dubois",
    "Petrov",
    "Santos",
    "Okafor",
]
_WORDS = [
    "nord",
    "licht",
    "stein",
    "berg",
    "wald",
    "see",
    "haus",
    "werk",
    "feld",
    "brück",
    "hof",
    "tal",
    "sonnen",
    "stern",
    "blau",
    "gold",
    "silber",
    "eisen",
]
_FORMS = [
    "GmbH",
    "AG",
    "Ltd",
    "Inc",
    "Trading",
    "Holding",
    "Logistics",
    "Systems",
    "Partners",
    "Consulting",
]
_MAILS = ["gmail.com", "qq.com", "163.com", "outlook.com", "example.org"]


class Made:
    """The n-th customer, the same in every run."""

    def __init__(self, number: int) -> None:
        self._random = random.Random(number)
        self.number = number
        self.kind = CustomerKind.PERSON
        self.name = self._name()

    def customer(self) -> Customer:
        number = self.number
        word = f"{self._some(_WORDS)}{number % 9_973}"
        return register(
            New(
                f"customers/c-{number:07d}",
                Draft(
                    display_name=self.name,
                    kind=self.kind,
                    phones=(PhoneNumber(self.phone),),
                    emails=(EmailAddress(f"{word}@{self._some(_MAILS)}"),),
                    external_ids={"shop": f"S-{number * 7}"},
                    country="CN",
                ),
                b"",
            ),
            owner=f"users/rep-{number % OWNERS}",
            team=f"teams/team-{number % OWNERS % TEAMS}",
            at=_START + timedelta(seconds=number),
            etag="bench",
        )

    @property
    def phone(self) -> str:
        return f"+86 13{self.number * 7_919 % 10**9:09d}"

    def _some(self, words: list[str]) -> str:
        return self._random.choice(words)

    def _name(self) -> str:
        match self._random.randrange(10):
            case 0 | 1 | 2 | 3:
                given = "".join(self._some(_GIVEN) for _ in range(self._random.choice((1, 2, 2))))
                return self._some(_FAMILIES) + given
            case 4 | 5:
                self.kind = CustomerKind.ORGANIZATION
                middle = self._some(_GIVEN) + self._some(_GIVEN)
                return f"{self._some(_PLACES)}{middle}{self._some(_TRADES)}有限公司"
            case 6 | 7:
                return f"{self._some(_FIRST)} {self._some(_LAST)}"
            case 8:
                self.kind = CustomerKind.ORGANIZATION
                word = self._some(_WORDS) + self._some(_WORDS)
                return f"{word.capitalize()} {self._some(_FORMS)} {self._some(_FORMS)}"
            case _:
                self.kind = CustomerKind.ORGANIZATION
                return (
                    f"{self._some(_WORDS).capitalize()} {self._some(_PLACES)}{self._some(_TRADES)}"
                )


async def fill(database: Store, count: int) -> None:
    """Writes the first so many."""
    for first in range(0, count, _BATCH):
        new = [Made(number).customer() for number in range(first, min(first + _BATCH, count))]

        async def work(tx: WriteTransaction, new: list[Customer] = new) -> None:
            await customers.insert(tx, new)
            await beside.add(tx, new)

        await database.write(work, caller=Caller.system("bench"))


def typed(count: int, rounds: int) -> Iterator[tuple[str, str]]:
    """What is typed, each with its kind: of customers here and there, and what many have."""
    pick = random.Random(1)
    for _ in range(rounds):
        made = [Made(pick.randrange(count)) for _ in range(40)]
        chinese = next(
            each.name for each in made if 2 < len(each.name) < 5 and not each.name.isascii()
        )
        company = next(each.name for each in made if each.name.endswith("有限公司"))
        latin = next(each.name for each in made if each.name.isascii() and " " in each.name)
        words = latin.split()
        some = made[0]
        yield "whole Chinese name", chinese
        yield "two characters", chinese[-2:]
        yield "one character", chinese[:1]
        yield "company, four characters", company[2:6]
        yield "place and trade", f"{company[:2]} {company[4:6]}"
        yield "Latin name", latin
        yield "prefix of three", words[0][:3]
        yield "infix of four", words[-1][1:5]
        yield "two prefixes", f"{words[1][:2]} {words[0][:2]}"
        yield "phone", some.phone
        yield "last four digits", some.phone[-4:]
        yield "external id", f"S-{some.number * 7}"
        yield "email prefix", f"{pick.choice(_WORDS)}{some.number % 9_973}"
        for common in (
            "公司",
            "有限公司",
            "li",
            "zhang",
            "zhangwei",
            "wm",
            "gmail",
            "com",
            "an",
            "gmbh",
        ):
            yield f"common: {common}", common
        yield "nothing has it", "qqxxyy zz"
