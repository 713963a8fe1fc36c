"""What is wrong with exactly this plan: every rule's word by session and step, and its expectation.

The same functions that the planner composes by (Safety, Pairs, limits) judge what somebody wrote;
nothing is moved. A finding that `breaks` holds up approval; the others are told.
"""

from dataclasses import replace
from datetime import date, timedelta

from clinic.catalogue.terms import Effect
from planner.engine import limits
from planner.engine.build import Builder, Given, totals, weeks
from planner.engine.catalogue import Catalogue
from planner.engine.desk import Desk
from planner.engine.effect import expectation
from planner.engine.pairs import TOGETHER
from planner.engine.protocols import doses_of
from planner.engine.safety import clinic_lacks, is_held
from planner.engine.scars import worth
from planner.engine.values import Case, Checked, Finding, GivenPlan


def check(case: Case, catalogue: Catalogue, plan: GivenPlan, desk: Desk | None = None) -> Checked:
    """Every hit on a plan, in the order of its sessions, and what it may be expected to bring.

    `desk` is the case's own where it is checked again and again, as an editor does.
    """
    return _Check(desk or Desk(case, catalogue), plan).answer()


def first_possible(desk: Desk, plan: GivenPlan) -> date:
    """The case's day plus the longest preparation that the plan's steps ask for."""
    first = min((s.day for s in plan.sessions if s.steps), default=0)
    leads = [
        desk.lead_days(step.treatment, place)
        for session in plan.sessions
        for step in session.steps
        if step.treatment in desk.catalogue.treatments
        for place in step.places
    ]
    return desk.case.on + timedelta(days=max(leads, default=0) - min(first, 0))


class _Check:
    def __init__(self, desk: Desk, plan: GivenPlan):
        self.desk, self.case, self.catalogue = desk, desk.case, desk.catalogue
        self.plan = plan
        self.order = sorted(range(len(plan.sessions)), key=lambda i: plan.sessions[i].day)
        self.first_on = plan.first_session_on or first_possible(desk, plan)
        self.found: list[Finding] = []

    def answer(self) -> Checked:
        for index, session in enumerate(self.plan.sessions):
            for number, step in enumerate(session.steps):
                self._step(index, number, step)
            if session.steps:
                self._session(index, session)
        self._pairs()
        visits = self._visits()
        doses, joints = doses_of(self.desk, visits)
        expected = expectation(self.case, self.catalogue, doses, joints, self.desk.effect)
        sums = self._sums(visits)
        self._wishes(sums)
        ask = {name for f in self.found if f.hit and not f.hit.known for name in f.hit.ask}
        return Checked(
            findings=tuple(sorted(self.found, key=_place_in_plan)),
            expected=expected,
            first_session_on=self.first_on,
            ask=tuple(sorted(ask)),
            **sums,
        )

    def _on(self, index: int) -> date:
        session = self.plan.sessions[index]
        return session.on or self.first_on + timedelta(days=session.day)

    def _say(self, kind, rule, effect, text, index, number=None, breaks=False, hit=None) -> None:
        self.found.append(Finding(kind, rule, effect, text, index, number, breaks, hit))

    # -- one step ---------------------------------------------------------------------

    def _step(self, index: int, number: int, step) -> None:
        row = self.catalogue.treatments.get(step.treatment)
        if row is None:
            text = f"{step.treatment} is not in the catalogue, or was withdrawn."
            self._say("indication", "catalogue", "", text, index, number, True)
            return
        if lacking := clinic_lacks(self.case, self.catalogue, row):
            self._say("clinic", "clinic", "", f"{row.name}: {lacking}.", index, number, True)
        self._indication(index, number, step, row)
        day = self._on(index)
        seen: dict = {}
        for place in step.places:
            for hit in self.desk.safety.hits(step.treatment, place, day):
                seen.setdefault((hit.rule, hit.effect, hit.text, hit.known), []).append(hit)
        for hits in seen.values():
            places = tuple(sorted({p for hit in hits for p in hit.places}))
            self._hit(index, number, step, replace(hits[0], places=places), day)

    def _indication(self, index: int, number: int, step, row) -> None:
        for place in step.places:
            here = [g.scar_type for g in self.case.findings if g.place == place]
            if not any(worth(row, scar_type) for scar_type in here):
                where = self.catalogue.place_name(place)
                text = f"{row.name} has no indication for what was found at {where}."
                self._say("indication", "indication", "", text, index, number)

    def _hit(self, index: int, number: int, step, hit, day: date) -> None:
        label = Effect(hit.effect).label
        if not hit.known:
            asked = ", ".join(f"“{self.catalogue.asked(code)}”" for code in hit.ask)
            text = f"Not answered, and it matters here: {asked}. {hit.text}"
            self._say("unknown", hit.rule, hit.effect, text, index, number, False, hit)
            return
        breaks = is_held(hit, day)
        if hit.effect == Effect.DELAY and not breaks:
            return
        if hit.effect == Effect.OVERRIDE and step.reason:
            breaks = False
        if hit.effect == Effect.PRETREAT:
            breaks = hit.lead_days > (day - self.case.on).days
        until = f" {hit.until:%d-%b-%Y}" if hit.effect == Effect.DELAY and hit.until else ""
        text = f"{label}{until}: {hit.text}"
        if hit.effect == Effect.PRETREAT and breaks:
            text += f" It takes {hit.lead_days} days, more than there are before this session."
        self._say("safety", hit.rule, hit.effect, text, index, number, breaks, hit)

    # -- one visit --------------------------------------------------------------------

    def _session(self, index: int, session) -> None:
        rows = [
            (self.catalogue.treatments[step.treatment], step)
            for step in session.steps
            if step.treatment in self.catalogue.treatments
        ]
        most = self.catalogue.constant("visit.minutes")
        minutes = sum(row.days("duration_min") for row, _ in rows)
        if minutes > most and len(rows) > 1:
            text = f"{minutes} minutes of procedures in one visit; a visit holds {most:.0f}."
            self._say("chair_time", "visit.minutes", "", text, index, None, True)
        planned = sum(limits.planned_mg(self.desk, row, step.places) for row, step in rows)
        self._lidocaine(index, planned)
        self._filler(index, rows)
        self._areas(index, session)

    def _areas(self, index: int, session) -> None:
        most = limits.areas(self.catalogue)
        places = {place for step in session.steps for place in step.places}
        if most is not None and len(places) > most:
            text = f"{len(places)} areas in one visit; a visit holds {most}."
            self._say("areas", "visit.areas", "", text, index, None, True)

    def _filler(self, index: int, rows) -> None:
        """All fillers of a visit together."""
        most = self.catalogue.constant("filler_session.ml")
        amounts = [(row, limits.filler_ml(self.desk, row, step.places)[0]) for row, step in rows]
        total = round(sum(ml for _, ml in amounts), 2)
        if total > most:
            names = " and ".join(row.name for row, ml in amounts if ml)
            text = f"{names}: {total:g} ml planned in one visit; a visit holds {most:g} ml."
            self._say("filler", "filler_session.ml", "", text, index, None, True)

    def _lidocaine(self, index: int, planned: float) -> None:
        most = self.desk.lidocaine_mg
        if planned and most is None:
            text = "Weight is not recorded: the most lidocaine for this visit is not known."
            self._say("lidocaine", "LA-1", "", text, index)
        elif planned and planned > most:
            text = f"{planned:.0f} mg of lidocaine planned; this patient may have {most:.0f} mg."
            self._say("lidocaine", "LA-1", "", text, index, None, True)

    # -- between steps ----------------------------------------------------------------

    def _pairs(self) -> None:
        steps = [
            (i, n, step)
            for i in self.order
            for n, step in enumerate(self.plan.sessions[i].steps)
            if step.treatment in self.catalogue.treatments
        ]
        for position, later in enumerate(steps):
            for earlier in steps[:position]:
                if earlier[2].treatment == later[2].treatment:
                    self._again(earlier, later, steps[:position])
                else:
                    self._two(earlier, later)

    def _again(self, earlier, later, before) -> None:
        """The interval of one treatment in one place, against its latest session there."""
        common = set(earlier[2].places) & set(later[2].places)
        between = [
            s for s in before[before.index(earlier) + 1 :]
            if s[2].treatment == later[2].treatment and common & set(s[2].places)
        ]  # fmt: skip
        if not common or between:
            return
        row = self.catalogue.treatments[later[2].treatment]
        least, usual, longest = row.interval_days
        stricter = self.desk.interval(row)
        if stricter > usual:
            least = usual = stricter
        days = (self._on(later[0]) - self._on(earlier[0])).days
        rule = f"interval:{row.code}"
        same_block = self._in_one_block(earlier[0], later[0])
        if days < least:
            text = f"{row.name} again after {weeks(days)}; {weeks(least)} is the least."
            self._say("interval", rule, "", text, later[0], later[1], True)
        elif days < usual and not self.plan.by_protocol:
            text = f"{row.name} again after {weeks(days)}; {weeks(usual)} is usual."
            self._say("interval", rule, "", text, later[0], later[1])
        elif longest is not None and days > max(longest, usual) and same_block:
            text = f"{row.name} again after {weeks(days)}; {weeks(longest)} is the longest listed."
            self._say("interval", rule, "", text, later[0], later[1])

    def _in_one_block(self, earlier: int, later: int) -> bool:
        """Whether no review stands between: order and longest intervals hold inside a block."""
        start, end = (self.plan.sessions[i].day for i in (earlier, later))
        return not any(s.kind == "review" and start < s.day <= end for s in self.plan.sessions)

    def _two(self, earlier, later) -> None:
        """Two treatments in a common field: together, apart, in which order, or never both."""
        fields = {self.catalogue.field_of(p) for p in earlier[2].places}
        common = [p for p in later[2].places if self.catalogue.field_of(p) in fields]
        if not common:
            return
        one, other = earlier[2].treatment, later[2].treatment
        between = self.desk.rule_between(one, other, common)
        rule = ",".join(between.rules)
        names = f"{self.catalogue.name_of(one)} and {self.catalogue.name_of(other)}"
        days = (self._on(later[0]) - self._on(earlier[0])).days
        if between.never and not (self.plan.by_protocol and self._is_published(one, other)):
            text = f"{names}: {between.text or 'not both in one field'}"
            if between.avoid or days == 0:
                self._say("same_session", rule, "", text, later[0], later[1], True)
                return
            self._tell_of_a_second_method(earlier, later, rule, names)
        if days == 0:
            self._on_one_day(earlier, later, between, rule, names)
        else:
            self._apart(earlier, later, between, rule, names, days)

    def _tell_of_a_second_method(self, earlier, later, rule, names) -> None:
        """Once, as a note: the planner takes one method of a kind, a clinician may differ."""
        told = any(f.text.startswith(names) and f.rule == rule for f in self.found)
        if told or self.plan.by_protocol or not self._in_one_block(earlier[0], later[0]):
            return
        text = f"{names} do the same work in one field: a block usually has one of them."
        self._say("same_session", rule, "", text, later[0], later[1])

    def _is_published(self, one: str, other: str) -> bool:
        """Whether a row lets them share a session, under a condition that no plan can state."""
        rows = self.catalogue.pairs_of.get(frozenset((one, other)), ())
        return any(row.relation in TOGETHER for row in rows)

    def _on_one_day(self, earlier, later, between, rule, names) -> None:
        if not between.together:
            text = f"{names} in one session and field: {between.text}"
            pair = (earlier[2].treatment, later[2].treatment)
            breaks = not (self.plan.by_protocol and self._is_published(*pair))
            self._say("same_session", rule, "", text, later[0], later[1], breaks)
        elif between.named and between.first == later[2].treatment:
            first = self.catalogue.name_of(between.first)
            text = f"{names} in one session: {first} goes first. {between.text}"
            self._say("order", rule, "", text, later[0], later[1], True)

    def _apart(self, earlier, later, between, rule, names, days: int) -> None:
        if days < between.least_days and not (between.together and self.plan.by_protocol):
            text = f"{names} are {weeks(days)} apart; {weeks(between.least_days)} is the least."
            self._say("interval", rule, "", text, later[0], later[1], True)
        elif days < between.gap_days and not self.plan.by_protocol:
            text = f"{names} are {weeks(days)} apart; {weeks(between.gap_days)} is usual."
            self._say("interval", rule, "", text, later[0], later[1])
        first = between.course_first
        if first == later[2].treatment and self._in_one_block(earlier[0], later[0]):
            text = f"{self.catalogue.name_of(first)} comes before the other: {between.text}"
            breaks = not self.plan.by_protocol
            self._say("order", rule, "", text, later[0], later[1], breaks)

    # -- the whole --------------------------------------------------------------------

    def _visits(self) -> list[Given]:
        """The procedure visits, counted from the case's day."""
        table: dict = {}
        for index in self.order:
            session = self.plan.sessions[index]
            for step in session.steps:
                if step.treatment in self.catalogue.treatments:
                    day = (self._on(index) - self.case.on).days
                    uses = table.setdefault(day, {})
                    uses.setdefault(step.treatment, set()).update(step.places)
        return [
            Given(day, 1, tuple((t, tuple(sorted(p))) for t, p in sorted(uses.items())))
            for day, uses in sorted(table.items())
        ]

    def _sums(self, visits: list[Given]) -> dict:
        if not visits:
            return totals(())
        sessions = Builder(self.desk, visits).sessions()
        sums = totals(sessions)
        listed = [s for s in self.plan.sessions if not s.steps]
        if listed:
            sums["visits"] = len(visits) + len(listed)
        return sums

    def _wishes(self, sums: dict) -> None:
        wishes, last = self.case.wishes, len(self.plan.sessions) - 1
        if wishes.budget is not None and sums["cost"] > wishes.budget:
            self._wish("budget", f"It costs {sums['cost']}; the budget is {wishes.budget}.", last)
        if wishes.max_visits is not None and sums["visits"] > wishes.max_visits:
            text = f"{sums['visits']} visits; the patient wants {wishes.max_visits} at most."
            self._wish("max_visits", text, last)
        most = wishes.max_downtime_days
        if most is not None and sums["downtime_longest"] > most:
            text = f"{sums['downtime_longest']} days of downtime; the patient can take {most}."
            self._wish("max_downtime_days", text, last)
        healed = self.first_on + timedelta(weeks=sums["weeks"])
        if wishes.finish_by and healed > wishes.finish_by:
            text = f"Healed by {healed:%d-%b-%Y}; the patient wants {wishes.finish_by:%d-%b-%Y}."
            self._wish("finish_by", text, last)
        needles = {
            s.treatment
            for session in self.plan.sessions
            for s in session.steps
            if (row := self.catalogue.treatments.get(s.treatment)) and row.needles
        }
        if wishes.no_needles and needles:
            self._wish(
                "no_needles", "It works with needles, which the patient does not want.", last
            )

    def _wish(self, wish: str, text: str, last: int) -> None:
        self._say("wish", wish, "", text, None if last < 0 else last)


def _place_in_plan(finding: Finding) -> tuple:
    step = -1 if finding.step is None else finding.step
    session = -1 if finding.session is None else finding.session
    return (session, step, not finding.breaks, finding.kind, finding.rule, finding.text)
