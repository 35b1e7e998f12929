"""The sample data: customers, products, invoices and their items.

Every record is a function of the seed and its number alone, so that three sources that know nothing
of each other agree on who bought what, any scale can be streamed without holding it in memory, and
two runs give the same data. Names and addresses are made up of common parts; e-mail addresses are
under example domains and telephone numbers in ranges that are kept free for fiction where a
country has one.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

SEED = 20260101
CUSTOMERS = 1_000
PRODUCTS = 500
INVOICES = 5_000
ITEMS_PER_INVOICE = (3, 1, 4, 2, 5)
"""In turn, so that there are exactly three times as many items as invoices."""

START = datetime(2023, 1, 2, 8, 0, tzinfo=UTC)
DAYS = 1_090
"""All sample data lies in the three years before 2026."""


@dataclass(frozen=True, slots=True)
class Customer:
    """A person who buys; `number` counts from 1."""

    number: int
    first_name: str
    last_name: str
    email: str
    phone: str
    company: str | None
    street: str
    postal_code: str
    city: str
    country: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Product:
    """An article; the price is in cents of a euro."""

    number: int
    sku: str
    name: str
    category: str
    price_cents: int
    stock: int
    maker: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class InvoiceItem:
    """A line of an invoice, at the product's price on that day."""

    product_number: int
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice with its items; the total is in cents of a euro."""

    number: int
    customer_number: int
    status: str
    created_at: datetime
    items: tuple[InvoiceItem, ...]

    @property
    def total_cents(self) -> int:
        """What the customer pays."""
        return sum(item.quantity * item.unit_price_cents for item in self.items)


@dataclass(frozen=True, slots=True)
class _Country:
    code: str
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]
    streets: tuple[str, ...]
    cities: tuple[tuple[str, str], ...]
    """City and the beginning of its postal codes."""
    postal_digits: int
    street_format: str
    phone_format: str
    company_forms: tuple[str, ...]


_COUNTRIES = (
    _Country(
        "DE",
        ("Anna", "Lukas", "Marie", "Jonas", "Katharina", "Felix", "Sabine", "Jürgen", "Leonie",
         "Matthias", "Ayşe", "Piotr", "Greta", "Thomas", "Nele"),
        ("Müller", "Schneider", "Weber", "Hoffmann", "Krause", "Vogel", "Demir", "Nowak",
         "Lindner", "Böhm", "Seidel", "Albrecht", "Kuhn", "Petersen", "Jäger"),
        ("Lindenstraße", "Bahnhofstraße", "Am Markt", "Gartenweg", "Goethestraße", "Mühlenweg"),
        (("Berlin", "10"), ("Hamburg", "20"), ("Leipzig", "04"), ("Köln", "50"), ("Kiel", "24")),
        3, "{street} {house}", "+49 30 23125 {three}", ("GmbH", "AG", "KG"),
    ),
    _Country(
        "GB",
        ("Olivia", "George", "Amelia", "Harry", "Priya", "Callum", "Fiona", "Daniel", "Zara",
         "Owen", "Charlotte", "Imran", "Megan", "Peter", "Rosie"),
        ("Smith", "Taylor", "Patel", "Hughes", "Campbell", "Walker", "Khan", "Thompson", "Reid",
         "Edwards", "Hall", "Clarke", "Okafor", "Murray", "Bennett"),
        ("High Street", "Station Road", "Church Lane", "Victoria Road", "Mill Lane", "Park Avenue"),
        (("London", "EC1A 1A"), ("Leeds", "LS1 2B"), ("Bristol", "BS1 3C"), ("Glasgow", "G1 4D")),
        0, "{house} {street}", "+44 20 7946 0{three}", ("Ltd", "plc", "& Sons"),
    ),
    _Country(
        "US",
        ("Emma", "Liam", "Sofia", "Noah", "Grace", "Ethan", "Maria", "James", "Chloe", "Marcus",
         "Hannah", "Diego", "Abigail", "Kevin", "Naomi"),
        ("Johnson", "Williams", "Garcia", "Brown", "Davis", "Martinez", "Nguyen", "Anderson",
         "Robinson", "Lewis", "Lee", "Carter", "Rivera", "Foster", "Brooks"),
        ("Maple Avenue", "Oak Street", "Second Street", "Lakeview Drive", "Cedar Lane", "Elm St"),
        (("Portland", "972"), ("Austin", "787"), ("Columbus", "432"), ("Denver", "802")),
        2, "{house} {street}", "+1 202 555 0{one}{one2}{one3}", ("Inc.", "LLC", "Corp."),
    ),
    _Country(
        "FR",
        ("Camille", "Hugo", "Léa", "Antoine", "Élodie", "Julien", "Manon", "Nicolas", "Inès",
         "Théo", "Amandine", "Karim", "Juliette", "Bruno", "Margaux"),
        ("Martin", "Bernard", "Dubois", "Moreau", "Laurent", "Girard", "Lefèvre", "Rousseau",
         "Benali", "Mercier", "Faure", "Chevalier", "Gauthier", "Perrin", "Renard"),
        ("rue de la Paix", "avenue Foch", "rue Pasteur", "place de l'Église", "rue des Lilas"),
        (("Paris", "75"), ("Lyon", "69"), ("Nantes", "44"), ("Lille", "59"), ("Nice", "06")),
        3, "{house} {street}", "+33 1 99 00 {two} {two2}", ("SA", "SARL", "SAS"),
    ),
)  # fmt: skip

_COMPANY_WORDS = (
    "North", "Harbour", "Bright", "Silver", "Forge", "Meadow", "Atlas", "Beacon", "Cobalt",
    "Granite", "Orchard", "Summit", "Willow", "Lantern", "Anchor", "Juniper",
)  # fmt: skip
_COMPANY_TRADES = (
    "Logistics", "Design", "Carpentry", "Media", "Dental", "Catering", "Software", "Interiors",
    "Garden", "Motors", "Textiles", "Consulting",
)  # fmt: skip

_CATEGORIES = (
    ("tools", "TL", (
        ("Cordless Drill", 8900), ("Hammer", 1900), ("Socket Set", 5400), ("Jigsaw", 7600),
        ("Spirit Level", 2400), ("Torque Wrench", 6900), ("Screwdriver Set", 2900))),
    ("kitchen", "KT", (
        ("Chef's Knife", 4900), ("Cast Iron Pan", 5900), ("Kettle", 3900), ("Mixing Bowl", 1700),
        ("Cutting Board", 2200), ("Coffee Grinder", 6400))),
    ("office", "OF", (
        ("Desk Lamp", 4500), ("Notebook", 600), ("Office Chair", 19900), ("Whiteboard", 7900),
        ("Fountain Pen", 3400), ("Monitor Stand", 4200))),
    ("garden", "GD", (
        ("Pruning Shears", 2700), ("Garden Hose", 3300), ("Watering Can", 1900), ("Spade", 3600),
        ("Wheelbarrow", 8800), ("Seed Tray", 900))),
    ("outdoor", "OD", (
        ("Tent", 17900), ("Sleeping Bag", 8900), ("Headlamp", 3100), ("Trekking Poles", 5700),
        ("Water Bottle", 1800), ("Camping Stove", 4700))),
)  # fmt: skip
_VARIANTS = (
    "Classic", "Compact", "Pro", "Light", "Heavy Duty", "Plus", "Eco", "Mini", "Travel", "Studio",
)  # fmt: skip
_COLOURS = ("black", "grey", "green", "red", "blue", "natural", "white", "yellow")
_MAKERS = (
    "Kestrel Works", "Norrland Supply", "Brightwater", "Atelier Roche", "Hofmeister & Co",
    "Tidewater Tools", "Casa Lumen", "Polar Goods",
)  # fmt: skip
_STATUSES = ("PAID", "PAID", "PAID", "PAID", "OPEN", "OPEN", "OVERDUE", "CANCELLED")


def customer(number: int) -> Customer:
    """The customer with this number, from 1 on."""
    rng = _rng("customer", number)
    country = rng.choice(_COUNTRIES)
    first, last = rng.choice(country.first_names), rng.choice(country.last_names)
    city, postal_start = rng.choice(country.cities)
    postal = postal_start + "".join(rng.choices("0123456789", k=country.postal_digits))
    if not country.postal_digits:
        postal += rng.choice("ABDEFGHJ")
    company = None
    if rng.random() < 0.4:
        company = " ".join(
            (rng.choice(_COMPANY_WORDS), rng.choice(_COMPANY_TRADES),
             rng.choice(country.company_forms))
        )  # fmt: skip
    domain = rng.choice(("example.com", "example.org", "example.net"))
    return Customer(
        number=number,
        first_name=first,
        last_name=last,
        email=f"{_ascii(first)}.{_ascii(last)}.{number}@{domain}",
        phone=country.phone_format.format(
            one=1, one2=rng.randrange(10), one3=rng.randrange(10),
            two=f"{rng.randrange(100):02}", two2=f"{rng.randrange(100):02}",
            three=f"{rng.randrange(1000):03}",
        ),
        company=company,
        street=country.street_format.format(
            street=rng.choice(country.streets), house=rng.randrange(1, 180)
        ),
        postal_code=postal,
        city=city,
        country=country.code,
        created_at=_moment(rng),
    )  # fmt: skip


def product(number: int) -> Product:
    """The product with this number, from 1 on."""
    rng = _rng("product", number)
    category, prefix, nouns = _CATEGORIES[number % len(_CATEGORIES)]
    noun, base_cents = rng.choice(nouns)
    words = (noun, rng.choice(_VARIANTS), rng.choice(_COLOURS))
    return Product(
        number=number,
        sku=f"{prefix}-{number:06}",
        name="{} {}, {}".format(*words),
        category=category,
        price_cents=_price_cents(rng, base_cents),
        stock=max(0, round(rng.gauss(60, 45))),
        maker=rng.choice(_MAKERS),
        updated_at=_moment(rng),
    )


def invoice(number: int, *, scale: int = 1) -> Invoice:
    """The invoice with this number, from 1 on; a few customers buy much, most buy little."""
    rng = _rng("invoice", number)
    customers, products = CUSTOMERS * scale, PRODUCTS * scale
    items = []
    for _ in range(ITEMS_PER_INVOICE[number % len(ITEMS_PER_INVOICE)]):
        product_number = 1 + rng.randrange(products)
        quantity = rng.choice((1, 1, 1, 2, 2, 3, 5, 10))
        items.append(InvoiceItem(product_number, quantity, product(product_number).price_cents))
    return Invoice(
        number=number,
        customer_number=1 + int(customers * rng.random() ** 1.5),
        status=rng.choice(_STATUSES),
        created_at=_moment(rng),
        items=tuple(items),
    )


def customers(scale: int = 1) -> Iterator[Customer]:
    """All customers at this scale, one after the other."""
    return map(customer, range(1, CUSTOMERS * scale + 1))


def products(scale: int = 1) -> Iterator[Product]:
    """All products at this scale."""
    return map(product, range(1, PRODUCTS * scale + 1))


def invoices(scale: int = 1) -> Iterator[Invoice]:
    """All invoices at this scale, with their items."""
    return (invoice(number, scale=scale) for number in range(1, INVOICES * scale + 1))


def _rng(kind: str, number: int) -> random.Random:
    return random.Random(f"{SEED}:{kind}:{number}")


def _moment(rng: random.Random) -> datetime:
    return START + timedelta(days=rng.randrange(DAYS), seconds=rng.randrange(10 * 3600))


def _price_cents(rng: random.Random, base_cents: int) -> int:
    """Around the base, ending in 49, 90, 95 or 99 as prices do."""
    euros = max(1, round(base_cents * rng.uniform(0.7, 1.6) / 100))
    return euros * 100 - 100 + rng.choice((49, 90, 95, 99))


def _ascii(name: str) -> str:
    """The name as it stands in an e-mail address."""
    spelled = name.lower().translate({ord("ß"): "ss", ord("'"): ""})
    decomposed = unicodedata.normalize("NFKD", spelled)
    return "".join(char for char in decomposed if char.isascii() and char.isalnum())
