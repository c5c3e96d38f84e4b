"""Evaluates the rules in force for some customers: tags first, for alerts may depend on them."""

from collections.abc import Iterator, Sequence

import structlog

from services.chassis.clock import BusinessCalendar
from services.chassis.errors import DomainError
from services.chassis.store import ReadTransaction, WriteTransaction
from services.insight.alerts import actions as alerts
from services.insight.facts import store as facts
from services.insight.facts.store import FilterTerms
from services.insight.numbers.business_days import Day
from services.insight.rules.actions import rules_in_force
from services.insight.rules.model import Rule
from services.insight.rules.store import CompiledRule, Matcher, compile_rule
from services.insight.rules.texts import FactTexts
from services.insight.sources.store import Selection

__all__ = ["Evaluation"]

_log = structlog.get_logger("rules")


class Evaluation:
    """Knows how filters over facts are read here, and keeps the rules compiled while they last."""

    def __init__(self, calendar: BusinessCalendar, currency: str, exponent: int) -> None:
        self.calendar = calendar
        self.currency = currency
        self.exponent = exponent
        self.texts = FactTexts(currency, calendar.zone)
        self._compiled: tuple[tuple[Rule, ...], FilterTerms, Matcher] | None = None

    @property
    def day(self) -> Day:
        """The business day it is now."""
        return Day(self.calendar.today(), self.calendar.zone)

    def terms(self, day: Day) -> FilterTerms:
        return FilterTerms(day, self.exponent)

    async def follow(
        self,
        tx: WriteTransaction,
        generation: int,
        who: Selection,
        *,
        active: bool,
        by_event: bool,
    ) -> None:
        """Brings the tags of the selected customers in line with their facts, and, in the active
        generation, their alerts."""
        matcher = await self.matcher(tx, self.day)
        found = await matcher.tagged(tx, generation, who)
        differing = [(name, given) for name, carried, given in found if carried != given]
        await facts.save_tags(tx, generation, differing)
        if active:
            await alerts.follow_rules(tx, generation, who, matcher, self.texts, by_event=by_event)

    async def matcher(self, tx: ReadTransaction, day: Day) -> Matcher:
        """The rules in force, compiled for a day; those of today are kept."""
        in_force = await rules_in_force(tx)
        terms = self.terms(day)
        if self._compiled is None or self._compiled[:2] != (in_force, terms):
            today = day == self.day
            compiled = _compiled(in_force, terms, told=today)
            kept = self._compiled
            before = kept[2] if kept is not None and kept[1] == terms else None
            matcher = Matcher(compiled, (rule.name for rule in in_force), before)
            if not today:
                return matcher
            self._compiled = (in_force, terms, matcher)
        return self._compiled[2]


def _compiled(
    in_force: Sequence[Rule], terms: FilterTerms, *, told: bool
) -> Iterator[CompiledRule]:
    """A rule is checked when it is written; one that another version wrote may not be read here.

    It must not keep the others from being followed. Only today's are `told` to the log: a caller
    may ask for a day from which a rule's `days(-365)` leads out of the calendar.
    """
    for rule in in_force:
        try:
            yield compile_rule(rule, terms)
        except DomainError as error:
            if told:
                _log.error(
                    "a rule can't be read and is left out", rule=rule.name, reason=error.message
                )
