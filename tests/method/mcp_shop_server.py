"""An MCP server over standard streams in plain Python: a shop whose state is in memory.

Ids come from results only, and a basket has to be opened first. `SHOP_SECONDS`: how long each call
takes.
"""

from __future__ import annotations

import json
import os
import sys
import time
from hashlib import blake2b
from typing import Any

PRODUCTS = {
    f"sku-{blake2b(name.encode(), digest_size=3).hexdigest()}": {"name": name, "price": price}
    for name, price in (("teapot", 31.5), ("lantern", 18.0), ("blanket", 44.25), ("stool", 52.0))
}
BASKETS: dict[str, dict[str, int]] = {}
ORDERS: dict[str, dict[str, Any]] = {}
READS, WRITES = {"readOnlyHint": True}, {"readOnlyHint": False}
SECONDS = float(os.environ.get("SHOP_SECONDS", "0"))


def held(where: dict[str, Any], what: str, key: str) -> Any:
    if key not in where:
        raise LookupError(f"there is no {what} {key}")
    return where[key]


def list_products() -> Any:
    return {"products": [{"sku": sku, **told} for sku, told in PRODUCTS.items()]}


def get_product(sku: str) -> Any:
    return {"sku": sku, **held(PRODUCTS, "product", sku)}


def list_baskets() -> Any:
    return {"baskets": [{"basket": name, "lines": len(lines)} for name, lines in BASKETS.items()]}


def open_basket() -> Any:
    basket = f"bk-{blake2b(str(len(BASKETS)).encode(), digest_size=3).hexdigest()}"
    BASKETS[basket] = {}
    return {"basket": basket}


def add_to_basket(basket: str, sku: str, quantity: int) -> Any:
    lines = held(BASKETS, "basket", basket)
    held(PRODUCTS, "product", sku)
    lines[sku] = lines.get(sku, 0) + quantity
    return {"lines": len(lines)}


def show_basket(basket: str) -> Any:
    return {
        "items": [{"sku": sku, "quantity": n} for sku, n in held(BASKETS, "basket", basket).items()]
    }


def check_out(basket: str) -> Any:
    lines = held(BASKETS, "basket", basket)
    del BASKETS[basket]
    order = f"or-{blake2b(json.dumps(lines).encode(), digest_size=3).hexdigest()}"
    ORDERS[order] = lines
    return {"order": order}


def find_order(order: str) -> Any:
    return {"order": order, "lines": held(ORDERS, "order", order)}


def schema(**kinds: str) -> dict[str, Any]:
    properties = {name: {"type": kind} for name, kind in kinds.items()}
    return {"type": "object", "properties": properties, "required": list(kinds)}


TOOLS: dict[str, tuple[Any, dict[str, Any], dict[str, bool] | None]] = {
    "list_products": (list_products, schema(), READS),
    "get_product": (get_product, schema(sku="string"), READS),
    "list_baskets": (list_baskets, schema(), READS),
    "open_basket": (open_basket, schema(), WRITES),
    "add_to_basket": (
        add_to_basket, schema(basket="string", sku="string", quantity="integer"), WRITES,
    ),
    "show_basket": (show_basket, schema(basket="string"), READS),
    "check_out": (check_out, schema(basket="string"), WRITES),
    "find_order": (find_order, schema(order="string"), READS),
}  # fmt: skip


def listed() -> Any:
    return {
        "tools": [
            {
                "name": name,
                "description": name.replace("_", " "),
                "inputSchema": parameters,
                **({"annotations": hints} if hints else {}),
            }
            for name, (_, parameters, hints) in TOOLS.items()
        ]
    }


def called(name: str, arguments: dict[str, Any]) -> Any:
    time.sleep(SECONDS)
    try:
        value = TOOLS[name][0](**arguments)
    except LookupError as error:
        return {"content": [{"type": "text", "text": str(error)}], "isError": True}
    return {"content": [{"type": "text", "text": json.dumps(value)}], "structuredContent": value}


def answer(method: str, given: dict[str, Any]) -> dict[str, Any]:
    match method:
        case "initialize":
            return {
                "result": {
                    "protocolVersion": given["protocolVersion"],
                    "capabilities": {"tools": {}},
                    "serverInfo": {"name": "shop", "version": "1"},
                }
            }
        case "tools/list":
            return {"result": listed()}
        case "tools/call":
            return {"result": called(given["name"], given.get("arguments") or {})}
    return {"error": {"code": -32601, "message": f"unknown method {method}"}}


for line in sys.stdin:
    request = json.loads(line)
    if "id" in request and "method" in request:
        reply = answer(request["method"], request.get("params") or {})
        sys.stdout.write(json.dumps({"jsonrpc": "2.0", "id": request["id"], **reply}) + "\n")
        sys.stdout.flush()
