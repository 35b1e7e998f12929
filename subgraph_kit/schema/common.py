"""Types that every subgraph shares, so that they compose: money and exact decimals.

`Decimal`, `DateTime` and `Date` are Strawberry's own scalars for the Python types: a decimal is a
string in JSON (a float would round it), times and dates are ISO 8601.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

import strawberry

FederationVersion = Literal["2.7", "2.9"]
FEDERATION_VERSION: Final = "2.7"
"""The version our subgraphs link: what gateways of the last years understand."""
COST_VERSION: Final = "2.9"
"""The version with `@listSize`; linked only by subgraphs that say how long their lists are."""


@strawberry.federation.type(
    shareable=True, description="An amount of money, exact, in one currency."
)
class Money:
    """`currency` is an ISO 4217 code."""

    amount: Decimal
    currency: str
