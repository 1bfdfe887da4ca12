"""A wallet: accounts, cards, payees, bills, budgets, exchange and one-time payment tokens.

Everything but rates needs the wallet to be unlocked. `capture` lets another world charge a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastsynth.env.adapters.contract import Means, tool
from fastsynth.env.worlds import wallet_shapes as shapes
from fastsynth.env.worlds.part import Refused, mint, money

UNLOCK = ("unlock_wallet",)
DAILY = 2500.0
RATES = {
    "EUR": 1.0, "USD": 1.08, "GBP": 0.85, "SEK": 11.3, "NOK": 11.6, "DKK": 7.46, "CHF": 0.95,
    "PLN": 4.3, "CZK": 25.2, "HUF": 392.0, "JPY": 162.0, "CAD": 1.47, "AUD": 1.65, "TRY": 35.0,
    "MXN": 18.6, "SGD": 1.45, "MAD": 10.8,
}  # fmt: skip
POLICY = (
    "Everything in the wallet but exchange rates needs it to be unlocked with the owner's passcode."
    f" Transfers to others are limited to {DAILY:.0f} at a time (rule DAILY-LIMIT), accounts"
    " cannot go below zero (rule NO-OVERDRAFT), and frozen cards pay nothing (rule FROZEN)."
)


class Wallet:
    """One owner's money. `config` as `scenario.wallet` draws it."""

    def __init__(self, config: dict[str, Any], others: Mapping[str, Any]) -> None:
        self.others = others
        self.owner: dict[str, Any] = config.get("owner", {})
        self.today: str = config.get("today", "2026-03-02")
        self.salt: str = config.get("salt", "")
        self.accounts: dict[str, dict[str, Any]] = config.get("accounts", {})
        self.cards: dict[str, dict[str, Any]] = config.get("cards", {})
        self.payees: dict[str, dict[str, Any]] = config.get("payees", {})
        self.bills: dict[str, dict[str, Any]] = config.get("bills", {})
        self.budgets: dict[str, float] = config.get("budgets", {})
        self.shown: int = config.get("entries_shown", 12)
        self.entries: list[dict[str, Any]] = config.get("entries", [])
        self.quotes: dict[str, dict[str, Any]] = {}
        self.tokens: dict[str, dict[str, Any]] = {}
        self.receipts: dict[str, dict[str, Any]] = {}
        """Receipt number -> entry; a mapping, so that the order of deeds is not state."""

    def known(self) -> Mapping[str, Sequence[Any]]:
        return {
            "account_name": [account["name"] for account in self.accounts.values()],
            "payee_name": [payee["name"] for payee in self.payees.values()],
        }

    @tool(mutates=True, askable=False, told=("owner",))
    def unlock_wallet(
        self,
        passcode: Annotated[str, Means("wallet_passcode"), "Six-digit passcode of the wallet."],
    ) -> shapes.Unlocked:
        """Unlock the wallet with its passcode. Needed once before accounts, cards, payees, bills
        or budgets can be seen or used."""
        if self.owner.get("unlocked"):
            raise Refused("the wallet is unlocked already")
        if passcode != self.owner.get("passcode"):
            raise Refused("this passcode does not open the wallet")
        self.owner["unlocked"] = True
        return {"owner": self.owner["name"]}

    @tool(
        mutates=False,
        needs=UNLOCK,
        ranks={"accounts[].balance": ("emptiest", "fullest")},
        told=("accounts[].name", "accounts[].balance"),
    )
    def list_accounts(self) -> shapes.Accounts:
        """List the owner's accounts with currency and balance."""
        self._unlocked()
        return {"accounts": [_account(i, a) for i, a in self.accounts.items()]}

    @tool(mutates=False, needs=UNLOCK, told=("balance", "currency"))
    def find_account(self, name: shapes.AccountName) -> shapes.Account:
        """Look up one account by its name, with its balance."""
        self._unlocked()
        for account_id, account in self.accounts.items():
            if account["name"].lower() == name.lower():
                return _account(account_id, account)
        raise Refused(f"no account is called {name}")

    @tool(mutates=False, needs=UNLOCK, told=("closing_balance", "spent"))
    def get_statement(
        self,
        account_id: shapes.AccountId,
        category: Annotated[shapes.Category | None, "Only entries of this category."] = None,
    ) -> shapes.Statement:
        """Show the latest entries of an account, its balance and what was spent."""
        account = self._account(account_id)
        fields = ("date", "text", "amount", "category")
        entries = [
            {name: entry[name] for name in fields}
            for entry in (*self.entries, *self.receipts.values())
            if entry["account_id"] == account_id and category in (None, entry["category"])
        ]
        spent = money(-sum(e["amount"] for e in entries if e["amount"] < 0))
        shown: Any = entries[-self.shown :]
        return {
            "account": account["name"],
            "closing_balance": account["balance"],
            "spent": spent,
            "entries": shown,
        }

    @tool(
        mutates=False,
        needs=UNLOCK,
        ranks={"cards[].daily_limit": ("lowest-limit", "highest-limit")},
        told=("cards[].label", "cards[].status", "cards[].daily_limit"),
    )
    def list_cards(self) -> shapes.Cards:
        """List the owner's cards with status and daily limit."""
        self._unlocked()
        cards: Any = [
            {"card_id": i, **{k: c[k] for k in ("label", "last4", "status", "daily_limit")}}
            for i, c in self.cards.items()
        ]
        return {"cards": cards}

    @tool(mutates=True, needs=UNLOCK, undoes=("unfreeze_card",), told=("card", "status"))
    def freeze_card(self, card_id: shapes.CardId) -> shapes.CardStatus:
        """Freeze a card so that it pays nothing until it is unfrozen."""
        return self._set_status(card_id, "frozen")

    @tool(mutates=True, needs=UNLOCK, undoes=("freeze_card",), told=("card", "status"))
    def unfreeze_card(self, card_id: shapes.CardId) -> shapes.CardStatus:
        """Make a frozen card usable again."""
        return self._set_status(card_id, "active")

    @tool(mutates=True, needs=UNLOCK, told=("card", "daily_limit"))
    def set_card_limit(
        self,
        card_id: shapes.CardId,
        daily_limit: Annotated[float, Means("card_limit"), "New limit for one day."],
    ) -> shapes.CardLimit:
        """Set how much a card may pay in one day."""
        card = self._card(card_id)
        if not 0 < daily_limit <= 5000:
            raise Refused(f"the rule CARD-CAP allows limits up to 5000; {daily_limit} asked for")
        card["daily_limit"] = money(daily_limit)
        return {"card": card["label"], "daily_limit": card["daily_limit"]}

    @tool(mutates=False, needs=UNLOCK, told=("bank", "account_ending"))
    def find_payee(
        self, name: Annotated[str, Means("payee_name"), "Full name of the payee."]
    ) -> shapes.Payee:
        """Look up a saved payee by name."""
        self._unlocked()
        for payee_id, payee in self.payees.items():
            if payee["name"].lower() == name.lower():
                ending = payee["iban"][-4:]
                return {
                    "payee_id": payee_id,
                    "name": payee["name"],
                    "bank": payee["bank"],
                    "account_ending": ending,
                }
        raise Refused(f"no payee is called {name}; add the payee first")

    @tool(mutates=True, needs=UNLOCK, told=("name", "bank"))
    def add_payee(
        self,
        name: Annotated[str, Means("new_payee_name"), "Full name of the payee."],
        iban: Annotated[str, Means("iban"), "The payee's account number (IBAN)."],
    ) -> shapes.PayeeAdded:
        """Save a new payee to send money to."""
        self._unlocked()
        account = iban.replace(" ", "").upper()
        if not (15 <= len(account) <= 34 and account[:2].isalpha() and account[2:4].isdigit()):
            raise Refused(f"{iban} is not an IBAN: two letters, two digits, then the account")
        if any(payee["iban"] == account for payee in self.payees.values()):
            raise Refused(f"a payee with account {iban} is saved already")
        payee_id = mint(self.payees, "py_", self.salt, name, account)
        bank = f"{account[:2]} bank {account[4:8]}"
        self.payees[payee_id] = {"name": name, "iban": account, "bank": bank}
        return {"payee_id": payee_id, "name": name, "bank": bank}

    @tool(mutates=True, needs=UNLOCK, told=("amount", "to", "new_balance"))
    def transfer_to_payee(
        self,
        account_id: shapes.AccountId,
        payee_id: shapes.PayeeId,
        amount: shapes.Amount,
        note: Annotated[str, Means("payment_note"), "Text the payee sees."] = "",
    ) -> shapes.Transfer:
        """Send money from an account to a saved payee."""
        account = self._account(account_id)
        payee = self.payees.get(payee_id)
        if payee is None:
            raise Refused(f"no payee with id {payee_id}")
        if amount > DAILY:
            raise Refused(f"the rule DAILY-LIMIT allows up to {DAILY:.0f}; {amount} asked for")
        receipt = self._take(account_id, amount, f"to {payee['name']} {note}".strip(), "gifts")
        return {
            "receipt_no": receipt,
            "to": payee["name"],
            "amount": amount,
            "new_balance": account["balance"],
        }

    @tool(mutates=True, needs=UNLOCK, told=("from_balance", "to_balance"))
    def move_money(
        self,
        from_account_id: Annotated[str, Means("account_id"), "Id of the account to take from."],
        to_account_id: Annotated[str, Means("account_id"), "Id of the account to add to."],
        amount: shapes.Amount,
    ) -> shapes.Move:
        """Move money between two of the owner's accounts in the same currency."""
        source, goal = self._account(from_account_id), self._account(to_account_id)
        if source["currency"] != goal["currency"]:
            pair = f"{source['currency']} to {goal['currency']}"
            raise Refused(f"the rule SAME-CURRENCY refuses {pair}; use an exchange quote")
        if source is goal:
            raise Refused("both accounts are the same")
        receipt = self._take(from_account_id, amount, f"to {goal['name']}", "housing")
        goal["balance"] = money(goal["balance"] + amount)
        return {
            "receipt_no": receipt,
            "from_balance": source["balance"],
            "to_balance": goal["balance"],
        }

    @tool(mutates=False, told=("rate",))
    def get_exchange_rate(
        self, from_currency: shapes.Currency, to_currency: shapes.Currency
    ) -> shapes.Rate:
        """Show today's exchange rate between two currencies."""
        return {"rate": _rate(from_currency, to_currency), "valid_on": self.today}

    @tool(mutates=True, needs=UNLOCK, told=("rate", "fee", "receives"))
    def lock_exchange_quote(
        self,
        account_id: shapes.AccountId,
        to_currency: shapes.Currency,
        amount: shapes.Amount,
    ) -> shapes.Quote:
        """Lock today's rate for exchanging an amount of an account into another currency."""
        account = self._account(account_id)
        if amount > account["balance"]:
            raise Refused(f"{account['name']} holds {account['balance']}; {amount} asked for")
        rate = _rate(account["currency"], to_currency)
        fee = money(max(0.5, amount * 0.004))
        quote_id = mint(self.quotes, "qt_", self.salt, account_id, to_currency, amount)
        receives = money(max(0.0, amount - fee) * rate)
        self.quotes[quote_id] = {
            "account_id": account_id,
            "amount": amount,
            "currency": to_currency,
            "receives": receives,
            "used": False,
        }
        return {"quote_id": quote_id, "rate": rate, "fee": fee, "receives": receives}

    @tool(mutates=True, needs=UNLOCK, told=("received", "currency", "new_balance"))
    def accept_exchange_quote(self, quote_id: shapes.QuoteId) -> shapes.Exchanged:
        """Carry out a locked exchange quote; the money lands in the account of that currency."""
        self._unlocked()
        quote = self.quotes.get(quote_id)
        if quote is None or quote["used"]:
            raise Refused(f"no open exchange quote with id {quote_id}")
        goal_id = self._account_in(quote["currency"])
        receipt = self._take(quote["account_id"], quote["amount"], "exchange", "travel")
        quote["used"] = True
        goal = self.accounts[goal_id]
        goal["balance"] = money(goal["balance"] + quote["receives"])
        return {
            "receipt_no": receipt,
            "received": quote["receives"],
            "currency": quote["currency"],
            "new_balance": goal["balance"],
        }

    @tool(
        mutates=False,
        needs=UNLOCK,
        ranks={
            "bills[].amount": ("smallest", "largest"),
            "bills[].due_date": ("most urgent", "least urgent"),
        },
        told=("bills[].biller", "bills[].amount", "bills[].due_date"),
    )
    def list_bills(self) -> shapes.Bills:
        """List the open bills with amount and due date."""
        self._unlocked()
        bills: Any = [
            {"bill_id": i, **{k: b[k] for k in ("biller", "amount", "due_date")}}
            for i, b in self.bills.items()
            if not b["paid"]
        ]
        return {"bills": bills}

    @tool(mutates=True, needs=UNLOCK, told=("biller", "amount", "new_balance"))
    def pay_bill(self, bill_id: shapes.BillId, account_id: shapes.AccountId) -> shapes.BillPaid:
        """Pay an open bill from an account."""
        account, bill = self._account(account_id), self.bills.get(bill_id)
        if bill is None or bill["paid"]:
            raise Refused(f"no open bill with id {bill_id}")
        if account["currency"] != self.owner["currency"]:
            raise Refused(f"the rule HOME-CURRENCY pays bills in {self.owner['currency']} only")
        receipt = self._take(account_id, bill["amount"], bill["biller"], "housing")
        bill["paid"] = True
        return {
            "receipt_no": receipt,
            "biller": bill["biller"],
            "amount": bill["amount"],
            "new_balance": account["balance"],
        }

    @tool(mutates=False, needs=UNLOCK, told=("limit", "spent", "left"))
    def get_budget(
        self, category: Annotated[shapes.Category, "Category of spending."]
    ) -> shapes.Budget:
        """Show the monthly budget of a category and what is left of it."""
        self._unlocked()
        if category not in self.budgets:
            raise Refused(f"no budget is set for {category}")
        return self._budget(category)

    @tool(mutates=True, needs=UNLOCK, told=("limit", "left"))
    def set_budget(
        self,
        category: Annotated[shapes.Category, "Category of spending."],
        limit: Annotated[float, Means("budget_limit"), "Most to spend in a month."],
    ) -> shapes.Budget:
        """Set the monthly budget of a category of spending."""
        self._unlocked()
        if limit <= 0:
            raise Refused(f"a budget of {limit}: need more than 0")
        self.budgets[category] = money(limit)
        return self._budget(category)

    @tool(mutates=True, needs=UNLOCK, told=("card", "amount"))
    def create_payment_token(
        self, card_id: shapes.CardId, amount: shapes.Amount
    ) -> shapes.PaymentToken:
        """Create a one-time token that lets a merchant charge a card up to an amount."""
        card = self._card(card_id)
        if card["status"] == "frozen":
            raise Refused(f"the rule FROZEN refuses payments with the {card['label']} card")
        if amount > card["daily_limit"]:
            raise Refused(f"the {card['label']} card has a daily limit of {card['daily_limit']}")
        token = mint(self.tokens, "tok_", self.salt, card_id, amount)
        self.tokens[token] = {"card_id": card_id, "amount": amount, "used": False}
        return {"payment_token": token, "card": card["label"], "amount": amount}

    def capture(self, token: str, amount: float) -> str:
        """Charges a one-time token for another world; the card's label."""
        held = self.tokens.get(token)
        if held is None or held["used"]:
            raise Refused(f"payment token {token} is not valid or was used before")
        if amount > held["amount"]:
            raise Refused(f"the payment token covers {held['amount']}; {amount} is due")
        card = self.cards[held["card_id"]]
        self._take(card["account_id"], amount, "travel booking", "travel")
        held["used"] = True
        return f"{card['label']} card"

    def _unlocked(self) -> None:
        if not self.owner.get("unlocked"):
            raise Refused("the rule UNLOCK asks for an unlocked wallet; it is locked")

    def _account(self, account_id: str) -> dict[str, Any]:
        self._unlocked()
        if account_id not in self.accounts:
            raise Refused(f"no account with id {account_id}")
        return self.accounts[account_id]

    def _account_in(self, currency: str) -> str:
        for account_id, account in self.accounts.items():
            if account["currency"] == currency:
                return account_id
        raise Refused(f"the rule OWN-ACCOUNT needs an account in {currency}; there is none")

    def _card(self, card_id: str) -> dict[str, Any]:
        self._unlocked()
        if card_id not in self.cards:
            raise Refused(f"no card with id {card_id}")
        return self.cards[card_id]

    def _set_status(self, card_id: str, status: str) -> shapes.CardStatus:
        card = self._card(card_id)
        if card["status"] == status:
            raise Refused(f"the {card['label']} card is {status} already")
        card["status"] = status
        return {"card": card["label"], "status": status}

    def _take(self, account_id: str, amount: float, text: str, category: str) -> str:
        account = self.accounts[account_id]
        if amount > account["balance"]:
            raise Refused(
                f"the rule NO-OVERDRAFT refuses {amount}: {account['name']} holds"
                f" {account['balance']}"
            )
        account["balance"] = money(account["balance"] - amount)
        receipt = mint(self.receipts, "R-", self.salt, account_id, amount, text)
        self.receipts[receipt] = {
            "account_id": account_id,
            "date": self.today,
            "text": text,
            "amount": -amount,
            "category": category,
        }
        return receipt

    def _budget(self, category: shapes.Category) -> shapes.Budget:
        entries = [e for e in (*self.entries, *self.receipts.values()) if e["amount"] < 0]
        spent = money(-sum(e["amount"] for e in entries if e["category"] == category))
        limit = self.budgets[category]
        return {"category": category, "limit": limit, "spent": spent, "left": money(limit - spent)}


def _account(account_id: str, account: dict[str, Any]) -> shapes.Account:
    return {
        "account_id": account_id,
        "name": account["name"],
        "currency": account["currency"],
        "balance": account["balance"],
    }


def _rate(source: str, goal: str) -> float:
    unknown = [currency for currency in (source, goal) if currency not in RATES]
    if unknown:
        raise Refused(f"{unknown[0]}: need one of {', '.join(sorted(RATES))}")
    if source == goal:
        raise Refused(f"both currencies are {source}")
    return round(RATES[goal] / RATES[source], 4)
