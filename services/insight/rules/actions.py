"""What can be done with rules, on an open transaction. A change takes effect in it for all."""

from collections.abc import Collection, Sequence

from services.chassis.errors import DomainError, already_exists, beneath
from services.chassis.store import ReadTransaction, WriteTransaction
from services.insight.alerts import store as alerts
from services.insight.alerts.actions import expire_alerts
from services.insight.evaluation import Evaluation
from services.insight.rules import store
from services.insight.rules.matching import compile_rule
from services.insight.rules.model import Rule, RuleDraft, RuleKind
from services.insight.sources.selection import EVERYONE

__all__ = ["change_rule", "create_rule", "delete_rule", "match_counts"]


async def create_rule(
    tx: WriteTransaction, evaluation: Evaluation, generation: int, name: str, draft: RuleDraft
) -> Rule:
    """Creates a rule and, if it is enabled, lets it take effect.

    Raises ALREADY_EXISTS; INVALID_ARGUMENT beneath `rule` as the model and `compile_rule` do.
    """
    if await store.find(tx, name) is not None:
        raise already_exists(name)
    try:
        rule = Rule.of(draft, name, at=tx.now)
        compile_rule(rule, evaluation.reading(evaluation.day))
    except DomainError as error:
        raise beneath("rule", error) from None
    await store.insert_many(tx, [rule])
    if rule.enabled:
        await _take_effect(tx, evaluation, generation)
    return rule


async def change_rule(
    tx: WriteTransaction,
    evaluation: Evaluation,
    generation: int,
    name: str,
    etag: str,
    draft: RuleDraft,
    fields: Collection[str],
) -> Rule:
    """Changes the named fields and lets the rule take effect, or ends its alerts if it is disabled.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT as `create_rule`.
    """
    before = await store.get(tx, name)
    before.expect(etag)
    try:
        after = before.change(draft, fields, at=tx.now)
        compile_rule(after, evaluation.reading(evaluation.day))
    except DomainError as error:
        raise beneath("rule", error) from None
    if after is before:
        return before
    await store.save(tx, after)
    if before.enabled and not after.enabled:
        await expire_alerts(tx, name)
    if before.enabled or after.enabled:
        await _take_effect(tx, evaluation, generation)
    return after


async def delete_rule(
    tx: WriteTransaction, evaluation: Evaluation, generation: int, name: str, etag: str
) -> None:
    """Deletes a rule; its alerts expire and its tag comes off.

    Raises NOT_FOUND, ABORTED (ETAG_MISMATCH).
    """
    rule = await store.get(tx, name)
    rule.expect(etag)
    await store.remove(tx, name)
    if rule.enabled:
        await expire_alerts(tx, name)
        await _take_effect(tx, evaluation, generation)


async def match_counts(
    tx: ReadTransaction, generation: int, rules: Sequence[Rule]
) -> dict[str, int]:
    """Customers that match each rule now: tagged, or with a live alert."""
    live = await alerts.live_counts(tx)
    tags = sorted({rule.tag for rule in rules if rule.kind is RuleKind.TAG and rule.enabled})
    tagged = await store.tagged_counts(tx, generation, tags)
    return {
        rule.name: tagged.get(rule.tag, 0) if rule.kind is RuleKind.TAG else live.get(rule.name, 0)
        for rule in rules
    }


async def _take_effect(tx: WriteTransaction, evaluation: Evaluation, generation: int) -> None:
    # All rules, not the changed one alone: what it tags may decide what others find.
    await evaluation.follow(tx, generation, EVERYONE, active=True, by_event=True)
