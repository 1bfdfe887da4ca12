"""What the user calls things: arguments as words, and references instead of values nobody can know.

A value out of a result becomes "the cheapest flight from Oslo to Rome on 3 May", and once spoken of
"that flight". Keeps book of what has been said, so that nothing is left out or said for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env import paths
from fastsynth.method.plan import Choice, Default, Output, Provenance, Step, Turn, User
from fastsynth.method.script import Script
from fastsynth.sim.teacher.bank import Bank, Phrases, Reference, Template
from fastsynth.sim.teacher.days import is_day, zone_of
from fastsynth.sim.teacher.deriving import detail
from fastsynth.sim.teacher.words import join, plural, say, thing

_PEOPLE = frozenset("contact payee user person recipient friend passenger guest member".split())
_DEEP = 3
_PART_OF = re.compile(r"([a-z]+(?: [a-z]+)?) of (the|my|an?) (?=[a-z])")
_DEFINITE = re.compile(r"(?:the|that|its|my|your)\b|[\d\"#@]")

Place = tuple[int, int, str]
"""Turn, step and argument name."""


class Speaker:
    """One user message in the making."""

    def __init__(self, script: Script, bank: Bank, rng: Random, brief: bool = False) -> None:
        self.script = script
        self.bank = bank
        self.rng = rng
        self.brief = brief
        """Whether the shortest words are taken wherever there is a choice."""
        self.turn = script.turns[-1]
        self.covered: set[Place] = set()
        self.values: set[str] = set()
        self.asked: set[int] = set()
        self.forgotten: Place | None = None
        self._turns = {turn.number: turn for turn in script.turns}
        self._year = int(script.now[:4]) if script.now[:4].isdigit() else 0
        self._spoken: set[tuple[int, int, str]] = set()
        self._chose: set[str] = set()
        self._depth = 0

    def step(self, turn: int, step: int) -> Step:
        return self._turns[turn].steps[step]

    def phrases(self, step: Step) -> Phrases:
        return phrases_of(self.bank, step)

    def words(self, value: Any) -> str:
        return say(value, self.script.style.dates, self._year, zone_of(self.script.now))

    def label(self, name: str) -> str:
        """An argument's name as a person calls it."""
        return name.removesuffix(" id")

    def has(self, turn: int, step: int, name: str) -> bool:
        """Whether this argument has something to be said of it."""
        if (turn, step, name) == self.forgotten:
            return False
        kinds = sources_of(self.step(turn, step), name).values()
        return any(not isinstance(kind, Default) for kind in kinds)

    def slot(self, turn: int, step: int, name: str) -> str | None:
        """The words for an argument: its value, a reference, or None."""
        if not self.has(turn, step, name):
            return None
        call = self.step(turn, step)
        text = self._piece(sources_of(call, name), name, call.arguments[name])
        if any(isinstance(s, User) for s in sources_of(call, name).values()):
            self.covered.add((turn, step, name))
            self.values.add(self.words(call.arguments[name]))
        return text

    def refer(self, output: Output, taken_as: str = "") -> str:
        """A noun phrase for what stands at a place in an earlier result; where the result gives it
        no name, that of the parameter which takes it."""
        if output.turn not in self._turns:
            return f"that {thing(output.path)}"
        call = self.step(output.turn, output.step)
        pattern = paths.pattern(output.path)
        short = self._short(call, output.path)
        if short == "result" and len(taken_as) > 2:
            short = thing(taken_as)
        entity = (output.turn, output.step, _element(output.path))
        field = (*entity[:2], output.path)
        if field in self._spoken:
            return f"that {short}"
        known = entity in self._spoken
        self._spoken |= {entity, field}
        if known:
            return f"its {short}"
        if output.turn != self.turn.number and self._familiar(entity):
            return self.rng.choice((f"that {short}", f"that same {short}", f"the {short}"))
        if output.turn == self.turn.number and output.step in self.asked:
            return self._chosen(output.choice, short, bare=f"that {short}")
        before = set(self.covered)
        noun = self._noun(output, call, pattern, short)
        said = self._chosen(output.choice, noun, bare=definite(noun))
        if noun not in said:
            self.covered = before
        return said

    def _piece(self, sources: Mapping[str, Provenance], name: str, value: Any) -> str:
        kinds = list(sources.values())
        if len(kinds) == 1 and isinstance(kinds[0], Output):
            return Reference(self.refer(kinds[0], name))
        if not any(isinstance(kind, Output | Default) for kind in kinds):
            return self.words(value)
        together = [kind for kind in kinds if isinstance(kind, Output)]
        if len(together) == len(kinds) and len({_kin(kind) for kind in together}) == 1:
            return Reference(self._refer_to_all(together[0]))
        parts: list[str] = []
        for path, kind in sources.items():
            if isinstance(kind, Output):
                parts.append(self.refer(kind))
            elif isinstance(kind, User):
                field = path.rpartition(".")[2] if path.startswith(f"{name}.") else ""
                said = self.words(paths.get(path, {name: value}))
                known = paths.get(path, {name: value})
                parts.append(detail(field, known, said) if field else said)
        return join(parts)

    def _refer_to_all(self, output: Output) -> str:
        """For a list taken from one result: `those stocks`, `the stocks in that sector`."""
        if output.turn not in self._turns:
            return f"those {plural(thing(output.path))}"
        call = self.step(output.turn, output.step)
        pattern = paths.pattern(output.path)
        short = self._short(call, output.path)
        if output.turn != self.turn.number or output.step in self.asked:
            return f"those {plural(short)}"
        return definite(plural(self._noun(output, call, pattern, short)))

    def _short(self, call: Step, path: str) -> str:
        """What a thing is called once it has been spoken of."""
        found = self.phrases(call).short.get(paths.pattern(path))
        if found and self.brief:
            return min(found, key=len)
        return self.rng.choice(found) if found else thing(path)

    def _noun(self, output: Output, call: Step, pattern: str, short: str) -> str:
        templates = self.phrases(call).noun.get(pattern)
        if self._depth >= _DEEP:
            return short
        self._depth += 1
        try:
            template = self._pick(templates) if templates else None
            full = template and template.fill(lambda n: self.slot(output.turn, output.step, n))
            return full or self._plain_noun(output, call, short)
        finally:
            self._depth -= 1

    def _pick(self, templates: Sequence[Template]) -> Template:
        if self.brief:
            return min(templates, key=lambda template: len(template.plain)).one(self.rng)
        return self.rng.choice(templates).one(self.rng)

    def _plain_noun(self, output: Output, call: Step, short: str) -> str:
        """For tools without phrases: the thing and what the user knows of it."""
        known: list[str] = []
        for name in user_names(call):
            said = self.slot(output.turn, output.step, name)
            if said and said not in ("yes", "no"):
                known.append(said)
        return f"{short} for {join(known)}" if known else short

    def unsaid_choices(self) -> list[str]:
        """Clauses for the choices within this turn's results that nothing has expressed yet."""
        clauses: list[str] = []
        for step in self.turn.steps:
            for kind in step.sources.values():
                if isinstance(kind, Output) and kind.turn == self.turn.number and kind.choice:
                    by_words = kind.choice.by != "only" and kind.choice.words
                    if by_words and kind.choice.words not in self._chose:
                        call = self.step(kind.turn, kind.step)
                        noun = self._short(call, kind.path)
                        frame = self.rng.choice(("go for {}", "take {}", "I mean {}"))
                        clauses.append(frame.format(self._chosen(kind.choice, noun, noun)))
        return clauses

    def _chosen(self, choice: Choice | None, noun: str, bare: str) -> str:
        if choice is not None:
            self._chose.add(choice.words)
        match choice:
            case Choice(by="lowest" | "highest", words=how) if how:
                return _ranked(how, noun)
            case Choice(by="latest", words=how):
                return _ranked(how or "latest", noun)
            case Choice(by="named", value=value):
                return self._named(self.words(value), noun, self._when(value))
        return bare

    def _when(self, value: Any) -> str:
        """`from` or `for` before a date, "" where it is none."""
        return ("from" if value[:16] < self.script.now[:16] else "for") if is_day(value) else ""

    def _named(self, name: str, noun: str, when: str) -> str:
        self.values.add(name)
        if noun.split(" ")[0] in _PEOPLE and name[:1].isupper():
            return name
        if name in noun:
            return f"the {noun}"
        if when:
            return f"the {noun} {when} {name}"
        return f"the {name} {noun}" if len(name.split()) <= 3 else f'the {noun} "{name}"'

    def _familiar(self, entity: tuple[int, int, str]) -> bool:
        """Whether an earlier turn made this thing, picked it, or found nothing else."""
        turn, step, element = entity
        if self.step(turn, step).mutates or "[" not in element:
            return True
        return any(
            isinstance(kind, Output)
            and (kind.turn, kind.step, _element(kind.path)) == entity
            for other in self.script.turns[:-1]
            for call in other.steps
            for kind in call.sources.values()
        )  # fmt: skip


def _ranked(how: str, noun: str) -> str:
    """`cheapest` and `text of the post by Ana` -> `the text of the cheapest post by Ana`: it is
    the thing that is singled out, not what is taken of it."""
    found = _PART_OF.match(noun)
    if found is None:
        return f"the {how} {noun}"
    article = found[2] if found[2] == "my" else "the"
    return f"the {found[1]} of {article} {how} {noun[found.end() :]}"


def _kin(output: Output) -> tuple[int, int, str]:
    return output.turn, output.step, paths.pattern(output.path)


def definite(noun: str) -> str:
    """A noun phrase with its article; one that starts with a reference or a figure has none."""
    return noun if _DEFINITE.match(noun) else f"the {noun}"


def phrases_of(bank: Bank, step: Step) -> Phrases:
    fields = [path for path, _ in paths.leaves(step.value)][:12] if step.tool in bank else []
    return bank.of(step.tool, step.arguments, map(paths.pattern, fields))


def sources_of(step: Step, name: str) -> dict[str, Provenance]:
    """Argument path -> provenance, of one argument and all that is inside it."""
    if name not in step.arguments:
        return {}
    return {
        path: kind
        for path, kind in step.sources.items()
        if path == name or path.startswith((f"{name}.", f"{name}["))
    }


def user_names(step: Step) -> list[str]:
    """Arguments in which something has to be said by the user, in the call's order."""
    return [
        name
        for name in step.arguments
        if any(isinstance(kind, User) for kind in sources_of(step, name).values())
    ]


def hidden_values(turn: Turn) -> list[tuple[str, Any]]:
    """(result path, value) of every value in this turn's calls that only a result holds."""
    found = []
    for step in turn.steps:
        for path, kind in step.sources.items():
            if isinstance(kind, Output):
                found.append((kind.path, paths.get(path, step.arguments)))
    return found


def _element(path: str) -> str:
    """The thing a field belongs to: `flights[2].price` -> `flights[2]`, `total` -> ``."""
    return path.rpartition(".")[0]
