"""Transport room of rules: message ↔ model, one transaction per call. No rule, no SQL."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from guanxi.insight.v1 import rules_pb2, rules_pb2_grpc

from services.chassis import field_mask
from services.chassis.ids import Ids
from services.chassis.lists.listing import Listing
from services.chassis.people.directory import Directory
from services.chassis.people.known import People
from services.chassis.store import ReadTransaction, Store, WriteTransaction
from services.insight.facts import store as facts
from services.insight.facts.messages import to_message as facts_message
from services.insight.facts.views import Views
from services.insight.feeds.store import active_generation
from services.insight.rules import actions
from services.insight.rules.messages import draft_of, to_message
from services.insight.rules.model import OWNER, Rule
from services.insight.rules.store import rules

__all__ = ["RuleServicer"]

_EXAMPLES: Final = 10


class RuleServicer(rules_pb2_grpc.RuleServiceServicer):
    """Serves guanxi.insight.v1.RuleService."""

    def __init__(
        self,
        database: Store,
        views: Views,
        directory: Directory,
        *,
        live_alerts: Callable[[ReadTransaction], Awaitable[Mapping[str, int]]],
        currency: str,
        ids: Ids,
    ) -> None:
        """`live_alerts` counts them by rule: what alerts are is not known here."""
        self._store = database
        self._views = views
        self._directory = directory
        self._live_alerts = live_alerts
        self._currency = currency
        self._ids = ids

    async def CreateRule(
        self, request: rules_pb2.CreateRuleRequest, context: Any
    ) -> rules_pb2.Rule:
        name = f"rules/{request.rule_id or self._ids.new()}"
        draft = draft_of(request.rule)

        async def work(tx: WriteTransaction, people: People) -> rules_pb2.Rule:
            terms = self._views.today
            rule = await actions.create_rule(tx, terms, name, draft, people)
            return to_message(rule, 0)

        written = await self._store.answer_asking(
            request, rules_pb2.Rule, lambda: self._named(draft.assignee), work
        )
        return await self._counted_after(written)

    async def GetRule(self, request: rules_pb2.GetRuleRequest, context: Any) -> rules_pb2.Rule:
        async with self._store.read() as tx:
            return await self._counted(tx, await rules.get(tx, request.name))

    async def ListRules(
        self, request: rules_pb2.ListRulesRequest, context: Any
    ) -> rules_pb2.ListRulesResponse:
        async with self._store.read() as tx:
            page = await rules.page(tx, Listing.of(request))
            counts = await self._counts(tx, page.rows)
        return rules_pb2.ListRulesResponse(
            rules=[to_message(rule, counts[rule.name]) for rule in page.rows],
            next_page_token=page.next_page_token,
        )

    async def UpdateRule(
        self, request: rules_pb2.UpdateRuleRequest, context: Any
    ) -> rules_pb2.Rule:
        wanted = request.rule
        draft = draft_of(wanted)
        fields = field_mask.resolve(request.update_mask, wanted)

        async def work(tx: WriteTransaction, people: People) -> rules_pb2.Rule:
            rule = await actions.change_rule(
                tx, self._views.today, wanted.name, wanted.etag, draft, fields, people
            )
            changed = to_message(rule, 0)
            field_mask.expect_fixed(request.update_mask, wanted, changed)
            return changed

        assignee = draft.assignee if "assignee" in fields else ""
        written = await self._store.answer_asking(
            request, rules_pb2.Rule, lambda: self._named(assignee), work
        )
        return await self._counted_after(written)

    async def DeleteRule(
        self, request: rules_pb2.DeleteRuleRequest, context: Any
    ) -> rules_pb2.DeleteRuleResponse:
        async def work(tx: WriteTransaction) -> rules_pb2.DeleteRuleResponse:
            run = await actions.delete_rule(tx, request.name, request.etag)
            return rules_pb2.DeleteRuleResponse(run=run)

        return await self._store.answer(request, rules_pb2.DeleteRuleResponse, work)

    async def PreviewRule(
        self, request: rules_pb2.PreviewRuleRequest, context: Any
    ) -> rules_pb2.PreviewRuleResponse:
        async with self._views.of(None) as view:
            count, rows = await facts.matching(
                view.tx,
                view.generation,
                view.terms,
                filter=request.filter,
                examples=request.example_count or _EXAMPLES,
            )
        return rules_pb2.PreviewRuleResponse(
            match_count=count,
            examples=[facts_message(row, self._currency) for row in rows],
        )

    async def _named(self, assignee: str) -> People:
        """Whom alerts are to be given to by name."""
        return await self._directory.look_up({assignee} - {OWNER})

    async def _counted(self, tx: ReadTransaction, rule: Rule) -> rules_pb2.Rule:
        counts = await self._counts(tx, [rule])
        return to_message(rule, counts[rule.name])

    async def _counted_after(self, written: rules_pb2.Rule) -> rules_pb2.Rule:
        """An answer with whom the rule matches: counting reads everyone, which nobody who writes
        should wait for. Of a rule that is gone by now it is nobody."""
        async with self._store.read() as tx:
            for rule in (await rules.find(tx, [written.name])).values():
                written.match_count = (await self._counts(tx, [rule]))[rule.name]
        return written

    async def _counts(self, tx: ReadTransaction, asked: Sequence[Rule]) -> Mapping[str, int]:
        generation = await active_generation(tx)
        return await actions.match_counts(
            tx, generation, self._views.today, asked, await self._live_alerts(tx)
        )
