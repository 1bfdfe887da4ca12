"""TradingBot: quotes, orders, a watchlist, a cash account. Its clock stands at 2024-09-01 10:30."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import Cast
from fastsynth.env.adapters.bfcl.note import STRINGS, Drawn, Note, Sketch, field, sample

LOGIN = ("trading_login",)
NAMED = {
    "Apple": "AAPL", "Google": "GOOG", "Tesla": "TSLA", "Microsoft": "MSFT", "Nvidia": "NVDA",
    "Alpha Tech": "ALPH", "Omega Industries": "OMEG", "Quasar Ltd.": "QUAS",
    "Neptune Systems": "NEPT", "Synex Solutions": "SYNX", "Amazon": "AMZN", "Gorilla": "GORI",
}  # fmt: skip
"""The names that `get_symbol_by_name` knows; prices are ours."""
OWN = (
    "BRVO", "CALM", "DRFT", "ELMT", "FJRD", "GLEN", "HEXA", "IRIS", "JADE", "KELP", "LUMN",
    "MOSS", "NOVA", "ORCA", "PIKE", "RUNE", "SOLE", "TERN", "UMBR", "VALE",
)  # fmt: skip

NOTES: dict[str, Note] = {
    "add_to_watchlist": Note(
        takes={"stock": "symbol"}, gives={"watchlist[]": "watched_symbol"}, mutates=True,
        undoes=("remove_stock_from_watchlist",), told=("watchlist[]",),
    ),
    "cancel_order": Note(
        takes={"order_id": "order_id"}, gives={"order_id": "order_id"}, mutates=True,
        undoes=("place_order",), told=("status",),
    ),
    "filter_stocks_by_price": Note(
        takes={"stocks[]": "symbol", "min_price": "price_floor", "max_price": "price_ceiling"},
        gives={"filtered_stocks[]": "symbol"}, told=("filtered_stocks[]",),
        limits={"stocks": {"minItems": 1}, "min_price": {"minimum": 0}},
    ),
    "fund_account": Note(
        takes={"amount": "cash_amount"}, gives={"new_balance": "cash_balance"}, needs=LOGIN,
        mutates=True, undoes=("withdraw_funds",), told=("new_balance",),
        limits={"amount": {"exclusiveMinimum": 0, "maximum": 1e7}},
    ),
    "get_account_info": Note(
        gives={"balance": "cash_balance", "account_id": "account_id", "binding_card": "bank_card"},
        needs=LOGIN, told=("balance",),
    ),
    "get_available_stocks": Note(
        takes={"sector": "sector"}, gives={"stock_list[]": "symbol"}, told=("stock_list[]",),
        limits={"sector": {"enum": ["Technology", "Automobile"]}},
    ),
    "get_current_time": Note(gives={"current_time": "time_of_day"}, told=("current_time",)),
    "get_order_details": Note(
        takes={"order_id": "order_id"},
        gives={"symbol": "symbol", "price": "share_price", "amount": "share_count",
               "status": "order_status", "order_type": "order_side"},
        told=("status", "symbol", "amount", "price"),
    ),
    "get_order_history": Note(
        gives={"history[]": "order_id"}, needs=LOGIN, told=("history[]",),
        result=field("history", {"type": "array", "items": {"type": "integer"}}),
    ),
    "get_stock_info": Note(
        takes={"symbol": "symbol"},
        gives={"price": "share_price", "percent_change": "percent_change", "volume": "volume",
               "MA(5)": "average_price", "MA(20)": "average_price"},
        told=("price", "percent_change"),
    ),
    "get_symbol_by_name": Note(
        takes={"name": "company"}, gives={"symbol": "symbol"}, told=("symbol",),
    ),
    "get_transaction_history": Note(
        takes={"start_date": "history_start", "end_date": "history_end"},
        gives={"transaction_history[].amount": "past_amount",
               "transaction_history[].type": "transaction_type",
               "transaction_history[].timestamp": "timestamp"},
        needs=LOGIN, ranks={"transaction_history[].amount": ("smallest", "largest")},
        told=("transaction_history[].type", "transaction_history[].amount"),
        limits={name: {"pattern": "^\\d{4}-\\d{2}-\\d{2}$"} for name in ("start_date", "end_date")},
    ),
    "get_watchlist": Note(
        gives={"watchlist[]": "watched_symbol"}, needs=LOGIN, told=("watchlist[]",),
        result=field("watchlist", STRINGS),
    ),
    "notify_price_change": Note(
        takes={"stocks[]": "symbol", "threshold": "change_threshold"},
        gives={"notification": "stock_notice"}, told=("notification",),
        limits={"stocks": {"minItems": 1}, "threshold": {"minimum": 0, "maximum": 100}},
    ),
    "place_order": Note(
        takes={"order_type": "order_type", "symbol": "symbol", "price": "share_price",
               "amount": "share_count"},
        gives={"order_id": "open_order_id", "price": "share_price", "amount": "share_count"},
        needs=LOGIN, mutates=True, told=("order_id", "status"),
        limits={"order_type": {"enum": ["Buy", "Sell"]},
                "price": {"exclusiveMinimum": 0, "maximum": 1e6},
                "amount": {"minimum": 1, "maximum": 100000}},
    ),
    "remove_stock_from_watchlist": Note(
        takes={"symbol": "watched_symbol"}, needs=LOGIN, mutates=True,
        undoes=("add_to_watchlist",), told=("status",),
    ),
    "trading_get_login_status": Note(gives={"status": "login_state"}, told=("status",)),
    "trading_login": Note(
        takes={"username": "username", "password": "password"}, mutates=True, askable=False,
        undoes=("trading_logout",), told=("status",),
    ),
    "trading_logout": Note(
        needs=LOGIN, mutates=True, undoes=("trading_login",), told=("status",),
    ),
    "withdraw_funds": Note(
        takes={"amount": "withdrawal"}, gives={"new_balance": "cash_balance"}, needs=LOGIN,
        mutates=True, undoes=("fund_account",), told=("new_balance",),
        limits={"amount": {"exclusiveMinimum": 0, "maximum": 1e7}},
    ),
}  # fmt: skip

OCCASIONS = (
    "setting money aside for {subject}",
    "checking the portfolio before the weekend",
    "rebalancing after a rough quarter",
    "trying out a cautious first strategy",
    "tidying up old orders",
    "watching two companies before payday",
    "putting a small inheritance to work",
    "moving savings out of a current account",
    "following up on a tip from {friend}",
    "preparing figures for the tax adviser",
    "freeing up cash to pay for {subject}",
    "comparing technology shares with car makers",
)


def draw(cast: Cast, rng: Random) -> Drawn:
    named = sample(rng, list(NAMED), 5, 8)
    symbols = [NAMED[name] for name in named] + sample(rng, OWN, 3, 5)
    listed = {*symbols, "AAPL", "GOOG", "MSFT", "NVDA", "TSLA", "F", "GM"}
    stocks = {symbol: _stock(rng) for symbol in sorted(listed)}
    first_order = rng.randint(2000, 60000)
    orders = {
        str(first_order + number): {
            "id": first_order + number,
            "order_type": rng.choice(("Buy", "Buy", "Sell")),
            "symbol": (symbol := rng.choice(symbols)),
            "price": stocks[symbol]["price"],
            "amount": rng.randint(1, 40),
            "status": status,
        }
        for number, status in enumerate(_statuses(rng))
    }
    balance = round(rng.uniform(18000, 95000), 2)
    config = {
        "orders": orders,
        "account_info": {
            "account_id": rng.randint(10000, 99999),
            "balance": balance,
            "binding_card": rng.randint(10**15, 10**16 - 1),
        },
        "authenticated": rng.random() < 0.5,
        "market_status": "Open" if rng.random() < 0.85 else "Closed",
        "order_counter": first_order + len(orders),
        "stocks": stocks,
        "watch_list": sample(rng, symbols, 2, 4),
        "transaction_history": [_transaction(rng, day) for day in sorted(_days(rng))],
        "random_seed": rng.randrange(10**6),
    }
    prices = sorted(stock["price"] for stock in stocks.values())
    start = date(2024, rng.randint(5, 7), rng.randint(1, 28))
    facts: dict[str, list[Any]] = {
        "company": named[:4],
        "symbol": symbols[-3:],
        "share_count": sorted({rng.randint(2, 12) for _ in range(3)}),
        "order_type": ["Buy", "Sell"],
        "share_price": [],
        "price_floor": [float(int(prices[1]))],
        "price_ceiling": [float(int(prices[-2]))],
        "change_threshold": [rng.choice((0.5, 1.0, 1.5, 2.0, 2.5))],
        "cash_amount": [float(rng.randint(4, 60) * 50)],
        "withdrawal": [float(rng.randint(2, 30) * 50)],
        "sector": ["Technology", "Automobile"],
        "username": [cast.username],
        "password": [cast.password],
        "history_start": [start.isoformat()],
        "history_end": [(start + timedelta(days=rng.randint(20, 45))).isoformat()],
    }
    return config, facts


def _stock(rng: Random) -> dict[str, float]:
    price = round(rng.uniform(14, 480), 2)
    return {
        "price": price,
        "percent_change": round(rng.uniform(-4, 4), 2),
        "volume": round(rng.uniform(0.2, 9), 3),
        "MA(5)": round(price * rng.uniform(0.97, 1.03), 2),
        "MA(20)": round(price * rng.uniform(0.92, 1.08), 2),
    }


def _statuses(rng: Random) -> list[str]:
    count = rng.randint(2, 5)
    return [rng.choice(("Completed", "Pending", "Open")) for _ in range(count)] + ["Open"]


def _days(rng: Random) -> list[date]:
    return [date(2024, 5, 1) + timedelta(days=rng.randrange(122)) for _ in range(rng.randint(3, 7))]


def _transaction(rng: Random, day: date) -> dict[str, Any]:
    return {
        "type": rng.choice(("deposit", "withdrawal")),
        "amount": float(rng.randint(3, 90) * 25),
        "timestamp": f"{day.isoformat()} {rng.randint(8, 17):02d}:{rng.randint(0, 59):02d}:00",
    }


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {"watched_symbol": list(live.watch_list)}


SKETCH = Sketch(
    name="TradingBot",
    document="trading_bot",
    notes=NOTES,
    policy="Prices and cash amounts are in US dollars. Orders, cash transfers, the account and the "
    "order history need a trading login; quotes do not. Money can be withdrawn only while the "
    "market is open.",
    occasions=OCCASIONS,
    companions=("MathAPI", "MessageAPI", "TwitterAPI", "TicketAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"order_id", "open_order_id"}),
    broader={
        "open_order_id": ("order_id",),
        "watched_symbol": ("symbol",),
        "share_price": ("number",),
        "average_price": ("number", "share_price"),
        "percent_change": ("number", "signed"),
        "share_count": ("number",),
        "past_amount": ("number", "cash_amount"),
        "cash_balance": ("number",),
        "stock_notice": ("message_text", "tweet_text", "ticket_description", "log_line"),
    },
)
