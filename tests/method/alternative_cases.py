"""Hand-made chains beside a trace: other ways that are right, and ways that are not.

`@1:accounts[0].id` in an argument is a value of the result of call 1 of the same chain.
"""

from __future__ import annotations

from typing import Any

import msgspec

Call = tuple[str, dict[str, Any]]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    truth: tuple[Call, ...]
    goals: tuple[tuple[int, bool, tuple[str, ...]], ...]
    """Step, effect, result paths."""
    other: tuple[Call, ...]
    verdict: str
    """`same`, `alternative`, or the reason of the refusal."""
    keeps: tuple[str, ...] = ()
    """Tools of the ground truth that the row then gets."""
    extra: int = 0


WORLD: dict[str, Any] = {
    "wallet": {
        "owner": {"name": "Ada Holm", "passcode": "307438", "unlocked": True, "currency": "DKK"},
        "today": "2026-12-09",
        "salt": "tstgsjdxxb",
        "accounts": {
            "ac_every1": {"name": "Everyday", "currency": "DKK", "balance": 1453.43},
            "ac_saved1": {"name": "Savings", "currency": "DKK", "balance": 3249.8},
        },
        "cards": {
            "cd_blue11": {
                "label": "blue debit",
                "last4": "8223",
                "account_id": "ac_every1",
                "status": "active",
                "daily_limit": 700.0,
            },
            "cd_green1": {
                "label": "green debit",
                "last4": "2315",
                "account_id": "ac_saved1",
                "status": "frozen",
                "daily_limit": 2600.0,
            },
        },
        "payees": {"py_lucia1": {"name": "Lucia Laurent", "iban": "DK1735", "bank": "Nordkasse"}},
        "bills": {
            "bl_kite11": {
                "biller": "Kite Mobile",
                "amount": 142.03,
                "due_date": "2026-12-20",
                "paid": False,
            },
            "bl_music1": {
                "biller": "Parkside Music School",
                "amount": 127.31,
                "due_date": "2026-12-17",
                "paid": False,
            },
        },
        "budgets": {"groceries": 240.0, "travel": 620.0},
        "entries": [],
    },
    "messages": {
        "now": "2026-12-09T14:45+01:00",
        "salt": "hhrad82s7f",
        "contacts": {
            "ct_lucia1": {
                "name": "Lucia Laurent",
                "relation": "family",
                "phone": "+40 044 960047",
                "city": "Zurich",
            },
            "ct_milos1": {
                "name": "Milos Jansen",
                "relation": "neighbour",
                "phone": "+43 280 017175",
                "city": "Aarhus",
            },
        },
        "threads": {
            "th_lucia1": {
                "contact_id": "ct_lucia1",
                "name": "Lucia Laurent",
                "unread": 2,
                "messages": [
                    {
                        "message_id": "ms_news11",
                        "sender": "Lucia Laurent",
                        "sent_at": "2026-12-07T15:55",
                        "text": "Did you see the news about the tram line?",
                    }
                ],
            }
        },
        "drafts": {"dr-called": {"contact_id": "ct_milos1", "text": "Sorry.", "attachments": []}},
        "files": {
            "fi_pack11": {"name": "packing list.docx", "size_kb": 1729, "shared_by": "Milos Jansen"}
        },
        "reminders": {"rm-water1": {"title": "water the plants", "due": "2026-12-11T08:30"}},
    },
}
BFCL: dict[str, Any] = {
    "TradingBot": {
        "orders": {
            "12446": {
                "id": 12446,
                "order_type": "Sell",
                "symbol": "MSFT",
                "price": 479.31,
                "amount": 39,
                "status": "Open",
            }
        },
        "account_info": {"account_id": 12785, "balance": 91522.76, "binding_card": 432514204812},
        "authenticated": True,
        "market_status": "Open",
        "order_counter": 12447,
        "stocks": {
            "AAPL": {
                "price": 77.36,
                "percent_change": -2.26,
                "volume": 8.696,
                "MA(5)": 77.06,
                "MA(20)": 78.93,
            },
            "MSFT": {
                "price": 479.31,
                "percent_change": -1.52,
                "volume": 0.877,
                "MA(5)": 482.18,
                "MA(20)": 443.37,
            },
        },
        "watch_list": ["MSFT"],
        "transaction_history": [],
        "random_seed": 731975,
    },
    "GorillaFileSystem": {
        "root": {
            "home": {
                "type": "directory",
                "contents": {
                    "plan.txt": {"type": "file", "content": "tiles: 179\noven: 150"},
                    "old.txt": {"type": "file", "content": "draft"},
                    "reports": {"type": "directory", "contents": {}},
                },
            }
        }
    },
    "TicketAPI": {
        "ticket_queue": [
            {
                "id": 1,
                "title": "Broken lamp",
                "description": "The lamp in hall two flickers.",
                "status": "Open",
                "priority": 2,
                "created_by": "ada",
            }
        ],
        "ticket_counter": 2,
        "current_user": "ada",
    },
}
FIND, BILLS = ("find_account", {"name": "Everyday"}), ("list_bills", {})
ACCOUNTS, CARDS = ("list_accounts", {}), ("list_cards", {})
CONTACT = ("find_contact", {"name": "Lucia Laurent"})
FAMILY = ("list_contacts", {"relation": "family"})


def pay(bill: str, account: str) -> Call:
    return "pay_bill", {"bill_id": bill, "account_id": account}


PAY = (BILLS, FIND, pay("bl_kite11", "@1:account_id"))
PAID = ((2, True, ()),)
LIMIT = (CARDS, ("set_card_limit", {"card_id": "cd_blue11", "daily_limit": 900.0}))
LIMITED = ((1, True, ()),)
DRAFT = (CONTACT, ("create_draft", {"contact_id": "@0:contact_id", "text": "On my way."}))
DRAFTED = ((1, True, ()),)
MOVE = (
    FIND,
    ("find_account", {"name": "Savings"}),
    (
        "move_money",
        {"from_account_id": "@0:account_id", "to_account_id": "@1:account_id", "amount": 100.0},
    ),
)
MOVED = ((2, True, ()),)
WORLD_CASES = (
    Case(
        name="accounts listed instead of found",
        truth=PAY, goals=PAID,
        other=(ACCOUNTS, BILLS, pay("bl_kite11", "ac_every1")),
        verdict="alternative", keeps=("list_accounts", "list_bills", "pay_bill"),
    ),
    Case(
        name="look-ups in the other order",
        truth=PAY, goals=PAID,
        other=(FIND, BILLS, pay("bl_kite11", "@0:account_id")),
        verdict="same", keeps=("find_account", "list_bills", "pay_bill"),
    ),
    Case(
        name="a budget read beside",
        truth=PAY, goals=PAID,
        other=(BILLS, FIND, ("get_budget", {"category": "travel"}), PAY[2]),
        verdict="same", keeps=("list_bills", "find_account", "pay_bill"), extra=1,
    ),
    Case(
        name="bills read twice",
        truth=PAY, goals=PAID, other=(BILLS, BILLS, ("find_account", {"name": "Everyday"}),
                                      pay("bl_kite11", "@2:account_id")),
        verdict="same", keeps=("list_bills", "find_account", "pay_bill"), extra=1,
    ),
    Case(
        name="accounts listed and found, one of them needless",
        truth=PAY, goals=PAID, other=(ACCOUNTS, BILLS, FIND, pay("bl_kite11", "@2:account_id")),
        verdict="same", keeps=("list_bills", "find_account", "pay_bill"), extra=1,
    ),
    Case(
        name="listed accounts, and a needless rate",
        truth=PAY, goals=PAID,
        other=(ACCOUNTS, BILLS, ("get_budget", {"category": "groceries"}),
               pay("bl_kite11", "ac_every1")),
        verdict="alternative", keeps=("list_accounts", "list_bills", "pay_bill"), extra=1,
    ),
    Case(
        name="another bill",
        truth=PAY, goals=PAID, other=(BILLS, FIND, pay("bl_music1", "@1:account_id")),
        verdict="wrong_state",
    ),
    Case(
        name="another account",
        truth=PAY, goals=PAID, other=(BILLS, ACCOUNTS, pay("bl_kite11", "ac_saved1")),
        verdict="wrong_state",
    ),
    Case(
        name="both bills",
        truth=PAY, goals=PAID,
        other=(*PAY[:2], pay("bl_kite11", "@1:account_id"), pay("bl_music1", "@1:account_id")),
        verdict="wrong_state",
    ),
    Case(name="only looked", truth=PAY, goals=PAID, other=PAY[:2], verdict="wrong_state"),
    Case(
        name="a limit reached in two steps",
        truth=LIMIT, goals=LIMITED,
        other=(CARDS, ("set_card_limit", {"card_id": "cd_blue11", "daily_limit": 800.0}), LIMIT[1]),
        verdict="same", keeps=("list_cards", "set_card_limit"), extra=1,
    ),
    Case(
        name="the limit of the other card",
        truth=LIMIT, goals=LIMITED,
        other=(CARDS, ("set_card_limit", {"card_id": "cd_green1", "daily_limit": 900.0})),
        verdict="wrong_state",
    ),
    Case(
        name="a card frozen and unfrozen on the way",
        truth=LIMIT, goals=LIMITED,
        other=(CARDS, ("freeze_card", {"card_id": "cd_blue11"}), LIMIT[1],
               ("unfreeze_card", {"card_id": "cd_blue11"})),
        verdict="same", keeps=("list_cards", "set_card_limit"), extra=2,
    ),
    Case(
        name="a card left frozen",
        truth=LIMIT, goals=LIMITED,
        other=(CARDS, ("freeze_card", {"card_id": "cd_blue11"}), LIMIT[1]),
        verdict="wrong_state",
    ),
    Case(
        name="a contact from the family list",
        truth=DRAFT, goals=DRAFTED,
        other=(FAMILY, ("create_draft",
                        {"contact_id": "@0:contacts[0].contact_id", "text": "On my way."})),
        verdict="alternative", keeps=("list_contacts", "create_draft"),
    ),
    Case(
        name="a contact from the family list, read twice",
        truth=DRAFT, goals=DRAFTED,
        other=(FAMILY, FAMILY, ("create_draft",
               {"contact_id": "ct_lucia1", "text": "On my way."})),
        verdict="alternative", keeps=("list_contacts", "create_draft"), extra=1,
    ),
    Case(
        name="both lists of contacts",
        truth=DRAFT, goals=DRAFTED,
        other=(("list_contacts", {"relation": "neighbour"}), FAMILY, ("create_draft",
               {"contact_id": "ct_lucia1", "text": "On my way."})),
        verdict="alternative", keeps=("list_contacts", "create_draft"), extra=1,
    ),
    Case(
        name="another text",
        truth=DRAFT, goals=DRAFTED,
        other=(CONTACT, ("create_draft", {"contact_id": "@0:contact_id", "text": "Coming."})),
        verdict="wrong_state",
    ),
    Case(
        name="two drafts",
        truth=DRAFT, goals=DRAFTED, other=(*DRAFT, DRAFT[1]), verdict="wrong_state",
    ),
    Case(
        name="both accounts from one list",
        truth=MOVE, goals=MOVED,
        other=(ACCOUNTS, ("move_money", {"from_account_id": "ac_every1",
                                         "to_account_id": "ac_saved1", "amount": 100.0})),
        verdict="alternative", keeps=("list_accounts", "move_money"),
    ),
    Case(
        name="one account listed, one found",
        truth=MOVE, goals=MOVED,
        other=(MOVE[1], ACCOUNTS, ("move_money", {
            "from_account_id": "ac_every1", "to_account_id": "@0:account_id", "amount": 100.0})),
        verdict="alternative", keeps=("list_accounts", "move_money"), extra=1,
    ),
    Case(
        name="the other way round",
        truth=MOVE, goals=MOVED,
        other=(*MOVE[:2], ("move_money", {
            "from_account_id": "@1:account_id", "to_account_id": "@0:account_id",
            "amount": 100.0})),
        verdict="wrong_state",
    ),
    Case(
        name="the balance from the list of accounts",
        truth=(FIND,), goals=((0, False, ("balance",)),), other=(ACCOUNTS,),
        verdict="alternative", keeps=("list_accounts",),
    ),
    Case(
        name="a city that the list of contacts does not give",
        truth=(CONTACT,), goals=((0, False, ("city",)),), other=(FAMILY,),
        verdict="missing_result",
    ),
    Case(
        name="the city of somebody else",
        truth=(CONTACT,), goals=((0, False, ("city",)),),
        other=(("find_contact", {"name": "Milos Jansen"}),), verdict="missing_result",
    ),
    Case(
        name="a message found by its thread",
        truth=(("search_messages", {"words": "tram"}),
               ("pin_message", {"message_id": "@0:matches[0].message_id"})),
        goals=((1, True, ()),),
        other=(("list_threads", {}), ("read_thread", {"thread_id": "@0:threads[0].thread_id"}),
               ("pin_message", {"message_id": "@1:messages[0].message_id"})),
        verdict="alternative", keeps=("list_threads", "read_thread", "pin_message"),
    ),
    Case(
        name="a message found by other words",
        truth=(("search_messages", {"words": "tram"}),
               ("pin_message", {"message_id": "@0:matches[0].message_id"})),
        goals=((1, True, ()),),
        other=(("search_messages", {"words": "news"}),
               ("pin_message", {"message_id": "@0:matches[0].message_id"})),
        verdict="alternative", keeps=("search_messages", "pin_message"),
    ),
    Case(
        name="two effects in the other order",
        truth=(("complete_reminder", {"reminder_id": "rm-water1"}),
               ("discard_draft", {"draft_id": "dr-called"})),
        goals=((0, True, ()), (1, True, ())),
        other=(("discard_draft", {"draft_id": "dr-called"}),
               ("complete_reminder", {"reminder_id": "rm-water1"})),
        verdict="same", keeps=("discard_draft", "complete_reminder"),
    ),
    Case(
        name="one of two effects",
        truth=(("complete_reminder", {"reminder_id": "rm-water1"}),
               ("discard_draft", {"draft_id": "dr-called"})),
        goals=((0, True, ()), (1, True, ())),
        other=(("discard_draft", {"draft_id": "dr-called"}),), verdict="wrong_state",
    ),
    Case(
        name="a reminder moved, and moved again",
        truth=(("move_reminder", {"reminder_id": "rm-water1", "date": "2026-12-13",
                                  "time": "09:00"}),),
        goals=((0, True, ()),),
        other=(("move_reminder", {"reminder_id": "rm-water1", "date": "2026-12-12",
                                  "time": "09:00"}),
               ("move_reminder", {"reminder_id": "rm-water1", "date": "2026-12-13",
                                  "time": "09:00"})),
        verdict="same", keeps=("move_reminder",), extra=1,
    ),
)  # fmt: skip
MV = (("mv", {"source": "old.txt", "destination": "new.txt"}),)
CD, INFO = ("cd", {"folder": "reports"}), ("get_stock_info", {"symbol": "AAPL"})
NOTE = (
    ("touch", {"file_name": "note.txt"}),
    ("echo", {"content": "hello", "file_name": "note.txt"}),
)
NOTED = ((1, True, ()),)
ORDER = (INFO, ("place_order", {"order_type": "Buy", "symbol": "AAPL", "price": "@0:price",
                                "amount": 10}))  # fmt: skip
ORDERED = ((1, True, ("order_id",)),)
BFCL_CASES = (
    Case(
        name="copied and removed instead of moved",
        truth=MV, goals=((0, True, ()),),
        other=(("cp", {"source": "old.txt", "destination": "new.txt"}),
               ("rm", {"file_name": "old.txt"})),
        verdict="alternative", keeps=("cp", "rm"),
    ),
    Case(
        name="copied, not removed",
        truth=MV, goals=((0, True, ()),),
        other=(("cp", {"source": "old.txt", "destination": "new.txt"}),), verdict="wrong_state",
    ),
    Case(
        name="moved by a name between",
        truth=MV, goals=((0, True, ()),),
        other=(("mv", {"source": "old.txt", "destination": "x.txt"}),
               ("mv", {"source": "x.txt", "destination": "new.txt"})),
        verdict="alternative", keeps=("mv", "mv"),
    ),
    Case(
        name="moved after a look around",
        truth=MV, goals=((0, True, ()),), other=(("ls", {"a": True}), ("pwd", {}), *MV),
        verdict="same", keeps=("mv",), extra=2,
    ),
    Case(
        name="rewritten and removed instead of moved, by what was read",
        truth=MV, goals=((0, True, ()),),
        other=(("cat", {"file_name": "old.txt"}),
               ("touch", {"file_name": "new.txt"}),
               ("echo", {"content": "@0:file_content", "file_name": "new.txt"}),
               ("rm", {"file_name": "old.txt"})),
        verdict="alternative", keeps=("cat", "touch", "echo", "rm"),
    ),
    Case(
        name="read before it was written",
        truth=NOTE, goals=NOTED,
        other=(NOTE[0], ("cat", {"file_name": "note.txt"}), NOTE[1]),
        verdict="same", keeps=("touch", "echo"), extra=1,
    ),
    Case(
        name="written elsewhere and moved",
        truth=NOTE, goals=NOTED,
        other=(("touch", {"file_name": "n.txt"}),
               ("echo", {"content": "hello", "file_name": "n.txt"}),
               ("mv", {"source": "n.txt", "destination": "note.txt"})),
        verdict="alternative", keeps=("touch", "echo", "mv"),
    ),
    Case(
        name="written in another folder",
        truth=NOTE, goals=NOTED, other=(CD, *NOTE), verdict="wrong_state",
    ),
    Case(
        name="another content",
        truth=NOTE, goals=NOTED,
        other=(NOTE[0], ("echo", {"content": "hallo", "file_name": "note.txt"})),
        verdict="wrong_state",
    ),
    Case(
        name="there and back again",
        truth=NOTE, goals=NOTED, other=(CD, ("cd", {"folder": ".."}), *NOTE),
        verdict="same", keeps=("touch", "echo"), extra=2,
    ),
    Case(
        name="a folder made and removed",
        truth=NOTE, goals=NOTED,
        other=(("mkdir", {"dir_name": "tmp"}), *NOTE, ("rmdir", {"dir_name": "tmp"})),
        verdict="same", keeps=("touch", "echo"), extra=2,
    ),
    Case(
        name="two files in the other order",
        truth=(("touch", {"file_name": "a.txt"}), ("touch", {"file_name": "b.txt"})),
        goals=((0, True, ()), (1, True, ())),
        other=(("touch", {"file_name": "b.txt"}), ("touch", {"file_name": "a.txt"})),
        verdict="same", keeps=("touch", "touch"),
    ),
    Case(
        name="the last line by the whole file",
        truth=(("wc", {"file_name": "plan.txt", "mode": "l"}),),
        goals=((0, False, ("count",)),), other=(("cat", {"file_name": "plan.txt"}),),
        verdict="missing_result",
    ),
    Case(
        name="the symbol asked for first",
        truth=ORDER, goals=ORDERED,
        other=(("get_symbol_by_name", {"name": "Apple"}), INFO,
               ("place_order", {"order_type": "Buy", "symbol": "AAPL", "price": "@1:price",
                                "amount": 10})),
        verdict="same", keeps=("get_stock_info", "place_order"), extra=1,
    ),
    Case(
        name="a look at the account first",
        truth=ORDER, goals=ORDERED,
        other=(("get_account_info", {}), INFO,
               ("place_order", {"order_type": "Buy", "symbol": "AAPL", "price": "@1:price",
                                "amount": 10})),
        verdict="same", keeps=("get_stock_info", "place_order"), extra=1,
    ),
    Case(
        name="one share more",
        truth=ORDER, goals=ORDERED,
        other=(INFO, ("place_order", {"order_type": "Buy", "symbol": "AAPL", "price": "@0:price",
                                      "amount": 11})),
        verdict="wrong_state",
    ),
    Case(
        name="sold instead of bought",
        truth=ORDER, goals=ORDERED,
        other=(INFO, ("place_order", {"order_type": "Sell", "symbol": "AAPL", "price": "@0:price",
                                      "amount": 10})),
        verdict="wrong_state",
    ),
    Case(
        name="a status from the list of tickets",
        truth=(("get_ticket", {"ticket_id": 1}),), goals=((0, False, ("status", "title")),),
        other=(("get_user_tickets", {}),), verdict="alternative", keeps=("get_user_tickets",),
    ),
    Case(
        name="an order's status from its own record, after the history",
        truth=(("get_order_details", {"order_id": 12446}),),
        goals=((0, False, ("status", "price")),),
        other=(("get_order_history", {}), ("get_order_details", {"order_id": 12446})),
        verdict="same", keeps=("get_order_details",), extra=1,
    ),
    Case(
        name="watched and unwatched by the way",
        truth=(("cancel_order", {"order_id": 12446}),), goals=((0, True, ()),),
        other=(("add_to_watchlist", {"stock": "AAPL"}),
               ("remove_stock_from_watchlist", {"symbol": "AAPL"}),
               ("cancel_order", {"order_id": 12446})),
        verdict="same", keeps=("cancel_order",), extra=2,
    ),
    Case(
        name="left on the watch list",
        truth=(("cancel_order", {"order_id": 12446}),), goals=((0, True, ()),),
        other=(("add_to_watchlist", {"stock": "AAPL"}), ("cancel_order", {"order_id": 12446})),
        verdict="wrong_state",
    ),
    Case(
        name="resolved instead of closed",
        truth=(("close_ticket", {"ticket_id": 1}),), goals=((0, True, ()),),
        other=(("resolve_ticket", {"ticket_id": 1, "resolution": "done"}),),
        verdict="wrong_state",
    ),
    Case(
        name="edited in two steps",
        truth=(("edit_ticket", {"ticket_id": 1, "updates": {"priority": 4, "title": "Lamp"}}),),
        goals=((0, True, ()),),
        other=(("edit_ticket", {"ticket_id": 1, "updates": {"priority": 4}}),
               ("edit_ticket", {"ticket_id": 1, "updates": {"title": "Lamp"}})),
        verdict="alternative", keeps=("edit_ticket", "edit_ticket"),
    ),
)  # fmt: skip
