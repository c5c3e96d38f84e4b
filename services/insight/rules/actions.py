"""What can be done with rules, on an open transaction. A change asks for the run by which it takes
effect for everyone: that is kept with it, as its event is, or none of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress

from google.protobuf.message import Message

from services.chassis.errors import DomainError, already_exists, beneath
from services.chassis.people.known import People, Person
from services.chassis.store import ReadTransaction, WriteTransaction
from services.insight.facts.store import FilterTerms
from services.insight.feeds.store import change_basis
from services.insight.people.store import users
from services.insight.rules import messages, store
from services.insight.rules.model import Rule, RuleDraft, RuleKind, Sight, expect_room
from services.insight.rules.store import CompiledRule, rules
from services.insight.runs.actions import queue_run

__all__ = [
    "add_rules",
    "change_rule",
    "create_rule",
    "delete_rule",
    "follow_people",
    "match_counts",
    "rules_in_force",
]


async def create_rule(
    tx: WriteTransaction, terms: FilterTerms, name: str, draft: RuleDraft, people: People
) -> Rule:
    """Creates a rule and, if it is enabled, asks for its run. `people` is whom it names.

    Raises ALREADY_EXISTS; FAILED_PRECONDITION (TOO_MANY_RULES); INVALID_ARGUMENT beneath `rule` as
    the model and `compile_rule` do, and ASSIGNEE_UNKNOWN, ASSIGNEE_INACTIVE; UNAVAILABLE
    (PEOPLE_UNAVAILABLE).
    """
    if await rules.find(tx, [name]):
        raise already_exists(name)
    # Those who create one at the same moment may go one or two beyond, which does no harm.
    expect_room(await store.count(tx))
    try:
        rule = Rule.of(draft, name, Sight.of(tx.caller), at=tx.now)
        people.expect("assignee", rule.person)
        store.compile_rule(rule, terms)
    except DomainError as error:
        raise beneath("rule", error) from None
    if rule.enabled:
        rule = rule.followed_by(await _run_for(tx, name))
    await add_rules(tx, [rule])
    return rule


async def add_rules(tx: WriteTransaction, new: Sequence[Rule]) -> None:
    """Writes new rules and tells of them."""
    await rules.insert(tx, new)
    for rule in new:
        _emit(tx, rule, messages.created(rule))


async def change_rule(
    tx: WriteTransaction,
    terms: FilterTerms,
    name: str,
    etag: str,
    draft: RuleDraft,
    fields: Collection[str],
    people: People,
) -> Rule:
    """Changes the named fields and asks for the run that lets the rule take effect, or end if it
    is disabled. `people` is whom it names; who had its alerts before may have left.

    Raises NOT_FOUND, PERMISSION_DENIED (RULE_SEES_MORE), ABORTED (ETAG_MISMATCH), INVALID_ARGUMENT
    and UNAVAILABLE as `create_rule`.
    """
    before = await rules.get(tx, name)
    before.expect_changed_by(tx.caller)
    before.expect(etag)
    try:
        after = before.change(draft, fields, tx.caller, at=tx.now)
        if after.person != before.person:
            people.expect("assignee", after.person)
        store.compile_rule(after, terms)
    except DomainError as error:
        raise beneath("rule", error) from None
    if after is before:
        return before
    if before.enabled or after.enabled:
        after = after.followed_by(await _run_for(tx, name))
    await rules.save(tx, after)
    _emit(tx, after, messages.updated(after))
    return after


async def delete_rule(tx: WriteTransaction, name: str, etag: str) -> str:
    """Deletes a rule; returns the run in which its alerts expire and its tag comes off, if any.

    Raises NOT_FOUND, PERMISSION_DENIED (RULE_SEES_MORE), ABORTED (ETAG_MISMATCH).
    """
    rule = await rules.get(tx, name)
    rule.expect_changed_by(tx.caller)
    rule.expect(etag)
    await store.remove(tx, name)
    run = await _run_for(tx, name) if rule.enabled else ""
    _emit(tx, rule, messages.deleted(rule.followed_by(run)))
    return run


async def rules_in_force(tx: ReadTransaction) -> tuple[Rule, ...]:
    """The enabled rules, as they work: alerts that would go to somebody who has left go to whoever
    looks after the customer."""
    enabled = await store.enabled(tx)
    known = await users.among(tx, {rule.person for rule in enabled} - {""})
    return tuple(rule.left() if _has_left(known.get(rule.person)) else rule for rule in enabled)


async def follow_people(tx: WriteTransaction, told: Mapping[str, Person]) -> None:
    """Keeps who works here. Where somebody has left, or come back, to whom rules give alerts, a run
    gives these to others, or to them again."""
    if not told:
        return
    before = await users.among(tx, told)
    await users.keep(tx, told.values())
    after = await users.among(tx, told)
    moved = {name for name in told if _has_left(before.get(name)) != _has_left(after[name])}
    for rule in await store.enabled(tx) if moved else ():
        if rule.person in moved:
            await _run_for(tx, rule.name)


async def match_counts(
    tx: ReadTransaction,
    generation: int,
    terms: FilterTerms,
    asked: Sequence[Rule],
    live_alerts: Mapping[str, int],
) -> dict[str, int]:
    """Customers in sight that match each rule now, or have a live alert of it; none where it isn't
    in force. Several rules may give one tag: it isn't what is counted."""
    tagging = [rule for rule in asked if rule.kind is RuleKind.TAG and rule.enabled]
    counts = await store.match_counts(tx, generation, list(_readable(tagging, terms)))
    return {rule.name: counts.get(rule.name, live_alerts.get(rule.name, 0)) for rule in asked}


def _readable(asked: Iterable[Rule], terms: FilterTerms) -> Iterator[CompiledRule]:
    """Without those that another version wrote, which match nobody here."""
    for rule in asked:
        with suppress(DomainError):
            yield store.compile_rule(rule, terms)


def _has_left(person: Person | None) -> bool:
    return person is not None and not person.active


async def _run_for(tx: WriteTransaction, rule: str) -> str:
    """Who is judged from now on is judged by the rules as they are then, all others by the run."""
    await change_basis(tx)
    return (await queue_run(tx, rule)).name


def _emit(tx: WriteTransaction, rule: Rule, event: Message) -> None:
    tx.emit(event, aggregate_type="rule", aggregate_id=rule.name, partition_key=rule.name)
