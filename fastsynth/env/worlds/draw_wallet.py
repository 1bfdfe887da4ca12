"""Draws the wallet part: accounts, cards, payees, bills and what was spent lately."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

from fastsynth.env.worlds import cast
from fastsynth.env.worlds.story import Story, digits, opaque

Facts = dict[str, list[Any]]


def draw_wallet(story: Story, rng: Random) -> tuple[dict[str, Any], Facts]:
    """(configuration of `worlds.wallet.Wallet`, what the user can say)."""
    home = story.home.currency
    accounts = _accounts(rng, home, story.foreign)
    everyday = next(iter(accounts))
    payees = {
        opaque(rng, "py_"): {"name": p.name, "iban": _iban(rng, story), "bank": _bank(rng)}
        for p in story.people[:4]
    }
    passcode = digits(rng, 6)
    config = {
        "owner": {
            "name": story.me.name,
            "passcode": passcode,
            "unlocked": rng.random() < 0.5,
            "currency": home,
        },
        "today": story.today.isoformat(),
        "salt": opaque(rng, "", 10),
        "accounts": accounts,
        "cards": _cards(rng, list(accounts)),
        "payees": payees,
        "bills": _bills(rng, story),
        "budgets": {
            category: float(rng.randrange(120, 900, 20))
            for category in rng.sample(sorted(cast.SHOPS), 4)
        },
        "entries": _entries(rng, story, everyday),
    }
    small = sorted({float(rng.randrange(15, 180, 5)) for _ in range(4)})
    rng.shuffle(small)
    facts: Facts = {
        "wallet_passcode": [passcode],
        "account_name": [account["name"] for account in accounts.values()],
        "payee_name": [payee["name"] for payee in payees.values()],
        "new_payee_name": [story.stranger, story.people[4].name],
        "iban": [_iban(rng, story)],
        "currency": [story.foreign, home],
        "amount": small,
        "card_limit": [float(rng.randrange(300, 2200, 50)), float(rng.randrange(300, 2200, 50))],
        "budget_limit": [float(rng.randrange(80, 700, 20)), float(rng.randrange(80, 700, 20))],
        "payment_note": [f"for {story.away.name}", "thank you!", story.occasion.group],
    }
    return config, facts


def _accounts(rng: Random, home: str, foreign: str) -> dict[str, dict[str, Any]]:
    rows = (
        (rng.choice(cast.EVERYDAY), home, rng.uniform(900, 4200)),
        (rng.choice(cast.SAVINGS), home, rng.uniform(2500, 9000)),
        (rng.choice(cast.BILLS), home, rng.uniform(300, 1400)),
        (rng.choice(cast.POTS), foreign, rng.uniform(40, 700)),
    )
    return {
        opaque(rng, "ac_"): {"name": name, "currency": currency, "balance": round(balance, 2)}
        for name, currency, balance in rows
    }


def _cards(rng: Random, accounts: list[str]) -> dict[str, dict[str, Any]]:
    labels = rng.sample(cast.CARDS, 3)
    limits = rng.sample(range(400, 3000, 100), 3)
    frozen = rng.choice((0, 1, 2))
    return {
        opaque(rng, "cd_"): {
            "label": label,
            "last4": digits(rng, 4),
            "account_id": rng.choice(accounts[:2]),
            "status": "frozen" if number == frozen else "active",
            "daily_limit": float(limit),
        }
        for number, (label, limit) in enumerate(zip(labels, limits, strict=True))
    }


def _bills(rng: Random, story: Story) -> dict[str, dict[str, Any]]:
    days = rng.sample(range(2, 26), 3)
    return {
        opaque(rng, "bl_"): {
            "biller": biller,
            "amount": round(rng.uniform(12, 160), 2),
            "due_date": (story.today + timedelta(days=day)).isoformat(),
            "paid": False,
        }
        for biller, day in zip(rng.sample(cast.BILLERS, 3), days, strict=True)
    }


def _entries(rng: Random, story: Story, account_id: str) -> list[dict[str, Any]]:
    ago = sorted(rng.sample(range(1, 28), 8), reverse=True)
    entries = []
    for days in ago:
        category = rng.choice(sorted(cast.SHOPS))
        entries.append(
            {
                "account_id": account_id,
                "date": (story.today - timedelta(days=days)).isoformat(),
                "text": rng.choice(cast.SHOPS[category]),
                "amount": -round(rng.uniform(4, 95), 2),
                "category": category,
            }
        )
    return entries


def _iban(rng: Random, story: Story) -> str:
    return story.home.country + digits(rng, 20)


def _bank(rng: Random) -> str:
    return rng.choice(("Harbour Bank", "Fjord Savings", "Banco Alba", "Union Mutual", "Nordkasse"))
