"""A dentist's front desk: ten functions over plain variables, as anybody would write them.

Nothing here knows of fastsynth. What helps it is what helps a model: typed parameters and results,
a line of description, names that say what a value is (`patient_name`, not `name`).
"""

from __future__ import annotations

from typing import Literal, TypedDict

Dentist = Literal["Dr. Sato", "Dr. Moreau", "Dr. Abara"]
Day = Literal["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]
Slot = Literal["09:00", "10:30", "14:00", "15:30"]
Treatment = Literal["check-up", "cleaning", "filling", "whitening"]

PATIENTS = {
    "P-104": {"patient_name": "Ada Novak", "phone": "555-0134", "balance": 60.0},
    "P-117": {"patient_name": "Omar Haddad", "phone": "555-0178", "balance": 45.0},
    "P-131": {"patient_name": "Rosa Lindqvist", "phone": "555-0159", "balance": 120.0},
    "P-142": {"patient_name": "Leo Castillo", "phone": "555-0121", "balance": 80.0},
    "P-155": {"patient_name": "Mina Kowalski", "phone": "555-0190", "balance": 30.0},
    "P-160": {"patient_name": "Hugo Fontaine", "phone": "555-0112", "balance": 210.0},
}
APPOINTMENTS = {
    "A-501": {
        "patient_id": "P-117", "dentist": "Dr. Moreau", "day": "2026-03-04", "slot": "10:30",
        "treatment": "filling",
    },
    "A-502": {
        "patient_id": "P-131", "dentist": "Dr. Sato", "day": "2026-03-03", "slot": "09:00",
        "treatment": "check-up",
    },
}  # fmt: skip
REMINDERS: list[str] = []
PRICES = {"check-up": 40.0, "cleaning": 65.0, "filling": 110.0, "whitening": 180.0}


class Patient(TypedDict):
    patient_id: str
    phone: str
    balance: float


class Appointment(TypedDict):
    appointment_id: str
    dentist: str
    day: str
    slot: str
    treatment: str


class Booked(TypedDict):
    appointment_id: str


class Paid(TypedDict):
    balance: float


def find_patient(patient_name: str) -> Patient:
    """Look up a patient by full name."""
    for patient_id, held in PATIENTS.items():
        if held["patient_name"] == patient_name:
            return {
                "patient_id": patient_id,
                "phone": str(held["phone"]),
                "balance": float(held["balance"]),
            }
    raise LookupError(f"no patient is called {patient_name!r}")


def list_appointments(patient_id: str) -> list[Appointment]:
    """List the appointments of a patient."""
    _patient(patient_id)
    return [
        {
            "appointment_id": number,
            "dentist": held["dentist"],
            "day": held["day"],
            "slot": held["slot"],
            "treatment": held["treatment"],
        }
        for number, held in APPOINTMENTS.items()
        if held["patient_id"] == patient_id
    ]


def find_free_slots(dentist: Dentist, day: Day) -> list[str]:
    """Find the free times of a dentist on a day."""
    taken = {
        held["slot"]
        for held in APPOINTMENTS.values()
        if (held["dentist"], held["day"]) == (dentist, day)
    }
    return [slot for slot in ("09:00", "10:30", "14:00", "15:30") if slot not in taken]


def book_appointment(
    patient_id: str, dentist: Dentist, day: Day, slot: Slot, treatment: Treatment
) -> Booked:
    """Book an appointment for a patient."""
    _patient(patient_id)
    if slot not in find_free_slots(dentist, day):
        raise ValueError(f"{dentist} is not free on {day} at {slot}")
    number = f"A-{501 + len(APPOINTMENTS)}"
    APPOINTMENTS[number] = {
        "patient_id": patient_id,
        "dentist": dentist,
        "day": day,
        "slot": slot,
        "treatment": treatment,
    }
    return {"appointment_id": number}


def move_appointment(appointment_id: str, day: Day, slot: Slot) -> Appointment:
    """Move an appointment to another day and time."""
    held = _appointment(appointment_id)
    if slot not in find_free_slots(held["dentist"], day):  # type: ignore[arg-type]
        raise ValueError(f"{held['dentist']} is not free on {day} at {slot}")
    held.update(day=day, slot=slot)
    return {
        "appointment_id": appointment_id,
        "dentist": held["dentist"],
        "day": day,
        "slot": slot,
        "treatment": held["treatment"],
    }


def cancel_appointment(appointment_id: str) -> str:
    """Cancel an appointment."""
    _appointment(appointment_id)["slot"] = "cancelled"
    return "cancelled"


def get_price(treatment: Treatment) -> float:
    """Get the price of a treatment in dollars."""
    return PRICES[treatment]


def take_payment(patient_id: str, amount: float) -> Paid:
    """Take a payment from a patient, in dollars."""
    held = _patient(patient_id)
    if amount > float(held["balance"]):
        raise ValueError(f"only {held['balance']} dollars are owed")
    held["balance"] = float(held["balance"]) - amount
    return {"balance": float(held["balance"])}


def update_phone(patient_id: str, phone: str) -> Patient:
    """Change the phone number of a patient."""
    held = _patient(patient_id)
    held["phone"] = phone
    return {"patient_id": patient_id, "phone": phone, "balance": float(held["balance"])}


def send_reminder(appointment_id: str) -> str:
    """Send the patient a reminder of an appointment."""
    _appointment(appointment_id)
    if appointment_id in REMINDERS:
        raise ValueError("a reminder was sent already")
    REMINDERS.append(appointment_id)
    return "sent"


def _patient(patient_id: str) -> dict[str, str | float]:
    if patient_id not in PATIENTS:
        raise LookupError(f"no patient has the number {patient_id!r}")
    return PATIENTS[patient_id]  # type: ignore[return-value]


def _appointment(appointment_id: str) -> dict[str, str]:
    if appointment_id not in APPOINTMENTS:
        raise LookupError(f"no appointment has the number {appointment_id!r}")
    return APPOINTMENTS[appointment_id]
