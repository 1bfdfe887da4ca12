"""Who and where: personas, names, cities, airlines, hotels and billers of the bundled worlds."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec
import yaml


class City(NamedTuple):
    name: str
    currency: str
    offset: str
    """Standard time against UTC; scenarios begin in winter, when it holds."""
    country: str


class Occasion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    clause: str
    relation: str
    days: tuple[int, int]
    texts: tuple[str, ...]
    replies: tuple[str, ...]
    inbound: tuple[str, ...]
    words: tuple[str, ...]
    reminders: tuple[str, ...]
    group: str
    file: str


@lru_cache(maxsize=1)
def occasions() -> tuple[Occasion, ...]:
    text = (Path(__file__).parent / "occasions.yaml").read_bytes()
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return msgspec.convert(yaml.load(text, Loader=loader), tuple[Occasion, ...])


HOMES = tuple(
    City(*row.split(","))
    for row in """\
Hamburg,EUR,+01:00,DE|Leipzig,EUR,+01:00,DE|Cologne,EUR,+01:00,DE|Lyon,EUR,+01:00,FR
Nantes,EUR,+01:00,FR|Turin,EUR,+01:00,IT|Bologna,EUR,+01:00,IT|Valencia,EUR,+01:00,ES
Bilbao,EUR,+01:00,ES|Porto,EUR,+00:00,PT|Utrecht,EUR,+01:00,NL|Ghent,EUR,+01:00,BE
Graz,EUR,+01:00,AT|Turku,EUR,+02:00,FI|Cork,EUR,+00:00,IE|Leeds,GBP,+00:00,GB
Bristol,GBP,+00:00,GB|Glasgow,GBP,+00:00,GB|Aarhus,DKK,+01:00,DK|Bergen,NOK,+01:00,NO
Malmo,SEK,+01:00,SE|Basel,CHF,+01:00,CH|Gdansk,PLN,+01:00,PL|Brno,CZK,+01:00,CZ""".replace(
        "\n", "|"
    ).split("|")
)
AWAY = tuple(
    City(*row.split(","))
    for row in """\
Lisbon,EUR,+00:00,PT|Oslo,NOK,+01:00,NO|Copenhagen,DKK,+01:00,DK|Edinburgh,GBP,+00:00,GB
Vienna,EUR,+01:00,AT|Krakow,PLN,+01:00,PL|Budapest,HUF,+01:00,HU|Prague,CZK,+01:00,CZ
Zurich,CHF,+01:00,CH|Stockholm,SEK,+01:00,SE|Dublin,EUR,+00:00,IE|Athens,EUR,+02:00,GR
Seville,EUR,+01:00,ES|Naples,EUR,+01:00,IT|Marseille,EUR,+01:00,FR|Istanbul,TRY,+03:00,TR
Marrakesh,MAD,+01:00,MA|Montreal,CAD,-05:00,CA|Boston,USD,-05:00,US|New York,USD,-05:00,US
Chicago,USD,-06:00,US|Mexico City,MXN,-06:00,MX|Tokyo,JPY,+09:00,JP|Singapore,SGD,+08:00,SG
Melbourne,AUD,+11:00,AU|Helsinki,EUR,+02:00,FI|Tallinn,EUR,+02:00,EE|Ljubljana,EUR,+01:00,SI
London,GBP,+00:00,GB|Manchester,GBP,+00:00,GB|Gothenburg,SEK,+01:00,SE|Trondheim,NOK,+01:00,NO""".replace(
        "\n", "|"
    ).split("|")
)
PERSONAS = """\
a nurse who works nights|a retired geography teacher|a freelance illustrator
a father of three small children|a first-year law student|a train driver on early shifts
a violin maker with a small workshop|a marine biologist between field trips
a bus driver who sings in a choir|a software tester working from home|a florist
a carpenter who hates paperwork|a pastry chef|a doctoral student in chemistry
a hotel receptionist on parental leave|a sports physiotherapist|a newly elected town councillor
a radio journalist|an amateur astronomer|an accountant who travels light
an architect with a tight budget|an exchange student|an event manager short of time
an electrician who plans ahead|an opera prompter|an emergency dispatcher
a kindergarten teacher|a beekeeper|a translator of crime novels|a dentist close to retirement
a warehouse supervisor|a yoga instructor|a museum guide|a furniture restorer
a midwife with an irregular schedule|a chess coach|a landscape gardener|a sound engineer""".replace(
    "\n", "|"
).split("|")
FIRST = """Anna Mateo Ingrid Luca Sofia Jonas Amina Pavel Elena Tariq Freya Hugo Leila Oskar Carla
Emre Nadia Felix Zofia Rafael Maren Idris Clara Viktor Paula Kenji Ylva Marco Hana Tobias Lucia
Samir Greta Andrei Noor Filip Rosa Einar Dalia Bruno Mila Cyril Aisling Pedro Tamsin Milos Vera
Joao Selma Gustav Irina Callum Farah Nils Petra Dario Linnea Omar Judit Stefan""".split()
LAST = """Berg Moretti Lindqvist Okafor Duarte Novak Haugen Petrov Santos Keller Brennan Yilmaz
Fontaine Kowalski Jansen Ferreira Nyberg Aziz Marchetti Horvath Sorensen Castillo Vogel Dubois
Rahman Eriksen Molina Steiner Kaya Lambert Wojcik Hansen Pereira Costa Fischer Laurent Nakamura
Byrne Conti Szabo Mensah Virtanen Ortega Riedl Tanaka Dvorak Moreau Lund Ivanova Peeters""".split()
AIRLINES = """Northlight|Aerolinea Sur|Blue Heron|Alpine Air|Cormorant|SkyBridge|Meridian
Swiftwing|Baltic Wings|Papillon Air""".replace("\n", "|").split("|")
HOTELS = """Linden House|Copper Kettle|Hotel Miramar|Old Mill Inn|Casa Verde|Lantern
Hotel Aurora|Riverside Rooms|Paper Crane|Villa Serena|Hotel Zenith|Harbour Lodge|Quill Rooms
Clocktower Suites|Hotel Fenix|Garden Court|Blue Door|Hotel Mosaic""".replace("\n", "|").split("|")
DISTRICTS = ("Old Town", "Harbour", "University", "Station", "Riverside", "Museum Quarter")
BILLERS = """City Power|Clearwater Utilities|Fibernet|Homeguard Insurance|Municipal Library
Green Gym|Transit Pass Office|Kite Mobile|Sunrise Dental|Parkside Music School""".replace(
    "\n", "|"
).split("|")
SHOPS = {
    "groceries": ("Corner Market", "Green Basket", "Bakery Sol"),
    "eating out": ("Trattoria Lia", "Noodle Bar 8", "Cafe Anker"),
    "transport": ("City Trams", "Bike Share", "Taxi Nord"),
    "gifts": ("Paper & Ribbon", "Toy Attic"),
    "travel": ("Luggage Loft", "Rail Tickets"),
    "housing": ("Hardware Hall", "Lamp Studio"),
}
EVERYDAY = ("Everyday", "Main", "Current", "Household")
SAVINGS = ("Savings", "Rainy Day", "Holiday Savings", "Nest Egg")
POTS = ("Travel", "Away", "Trip Fund")
BILLS = ("Bills", "Fixed Costs", "Rent")
CARDS = ("blue debit", "gold credit", "virtual", "green debit", "joint")
SAVED = ("Visa ending in", "Mastercard ending in", "Maestro ending in")
