"""The front desk's house rules: each in words, for the model, and as a predicate that runs."""

from __future__ import annotations

from fastsynth import Call, Rule

OWED = 100.0


def _owes_much(call: Call) -> bool:
    """`call.state` is the module whose functions are the tools, as it stands just now."""
    patient = call.state.PATIENTS.get(call.arguments["patient_id"], {})
    return float(patient.get("balance", 0.0)) > OWED


def _whitens(call: Call) -> bool:
    return (call.arguments["dentist"], call.arguments["treatment"]) == ("Dr. Sato", "whitening")


rules = [
    Rule(
        text="Book nothing for a patient who owes more than 100 dollars.",
        tools=("book_appointment",),
        forbids=_owes_much,
    ),
    Rule(
        text="Dr. Sato does no whitening.",
        tools=("book_appointment",),
        forbids=_whitens,
    ),
    Rule(
        text="No appointment is moved to a Friday.",
        tools=("move_appointment",),
        forbids=lambda call: call.arguments["day"] == "2026-03-06",
    ),
]
