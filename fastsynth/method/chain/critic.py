"""The critic (paper, section 3.3): sees the truth, says which step is wrong, never the answer."""

from __future__ import annotations

import re

import msgspec

from fastsynth.method.agents import Agents, Dropped, Place
from fastsynth.method.chain.attempt import Trial
from fastsynth.method.chain.scene import Scene
from fastsynth.method.forms import normal, stands_in
from fastsynth.method.plan import Turn
from fastsynth.method.query.guards import distinctive
from fastsynth.method.script import HintDraft
from fastsynth.method.wording import call_text, hidden_values, step_text

TRIES = 2
_FULL_CALL = re.compile(r"\w+\([^)]*=[^)]*\)|\{\s*\"name\"|\"arguments\"")


async def hint_for(agents: Agents, scene: Scene, trial: Trial) -> str | Dropped:
    """A hint on why `trial` failed that gives no hidden value and no full call away."""
    fault = trial.fault
    assert fault is not None
    variables = {
        "query": scene.query,
        "truth": [step_text(step) for step in scene.turn.steps] or [_no_call_text(scene.turn)],
        "attempt": [_ran(call.tool, call.arguments, call.error) for call in trial.executed],
        "verdict": f"{fault.reason.replace('_', ' ')} {fault.detail}".strip(),
        "complaint": "",
    }
    objection = Dropped(stage="critic", reason="no_hint")
    for number in range(TRIES):
        attempt = trial.number * TRIES + number
        script = msgspec.structs.replace(
            scene.script,
            purpose="hint",
            level=trial.level,
            attempt=attempt,
            seed=agents.script_seed("hint", scene.turn.number, attempt),
        )
        place = Place(turn=scene.turn.number, attempt=attempt)
        draft = await agents.draft(HintDraft, "critic", "hint", variables, place, script)
        if isinstance(draft, Dropped):
            objection = msgspec.structs.replace(draft, stage="critic")
            continue
        given_away = reveals(scene, draft)
        if not given_away:
            return f"{draft.problem.strip()} {draft.hint.strip()}".strip()
        objection = Dropped(stage="critic", reason="hint_reveals", detail=given_away)
        variables["complaint"] = f"it gave away {given_away}"
    return objection


def reveals(scene: Scene, draft: HintDraft) -> str:
    """What a hint gives away that the attempt had to find: a hidden value or a full call; or ""."""
    text = f"{draft.problem} {draft.hint}"
    call = _FULL_CALL.search(text)
    if call:
        return call.group()
    shown = normal(text)
    for value in hidden_values(scene.turn):
        if distinctive(value) and stands_in(value, shown):
            return str(value)
    return ""


def _no_call_text(turn: Turn) -> str:
    """What is right where no call is."""
    match turn.kind:
        case "missing_parameter":
            assert turn.slot is not None
            return f"(none: the {turn.slot.words} is not given; the assistant has to ask for it)"
        case "missing_function":
            return "(none: no tool at hand does this; the assistant has to say so)"
        case "refusal":
            assert turn.rule is not None
            return f"(none: it is forbidden, the assistant has to say so. {turn.rule.text})"
        case _:
            return "(none: no call is needed)"


def _ran(tool: str, arguments: dict[str, object], error: str) -> str:
    return call_text(tool, arguments) + (f" -> error: {error[:200]}" if error else "")
