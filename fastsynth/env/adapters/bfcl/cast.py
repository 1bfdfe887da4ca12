"""Who a conversation is with and what it is about, shared by all classes of one scenario."""

from __future__ import annotations

from random import Random

import msgspec


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """What this person is busy with; files, messages, tickets and posts all speak of it."""

    subject: str
    slug: str
    tag: str
    items: tuple[str, ...]


class Cast(msgspec.Struct, frozen=True, kw_only=True):
    first: str
    last: str
    username: str
    password: str
    persona: str
    friends: tuple[tuple[str, str], ...]
    """(first, last) of six people this user deals with."""
    handles: tuple[str, ...]
    """Account names of the friends and of two public accounts."""
    theme: Theme
    year: int
    month: int
    day: int
    with_car: bool
    """Whether the car is part of the conversation: units then follow its needs."""


FIRST = tuple(
    "Maya Tomas Ingrid Kwame Leila Oskar Priya Mateo Yuki Hanna Samir Chloe Dimitri Amara Felix "
    "Noor Rafael Greta Idris Paloma Soren Anika Luca Farah Jonas Zainab Emil Rosa Viktor Nadia "
    "Caleb Imani Hugo Selma Arjun Beatriz Tariq Elise Marek Joana".split()
)
LAST = tuple(
    "Okafor Lindqvist Marchetti Haddad Novak Ferreira Tanaka Brandt Osei Delgado Kowalski Rahman "
    "Petrov Jansen Mbeki Castellano Yilmaz Sorensen Achterberg Moreau Iyer Fitzroy Halvorsen "
    "Quintero Abara Wexler Santoro Nakamura Dubois Rosenthal".split()
)
ACCOUNTS = (
    "city_transit_watch", "slow_bread_club", "harbor_weather", "night_sky_daily", "trail_notes",
    "open_repair_cafe", "old_town_market", "river_cleanup", "indie_press_weekly", "solar_roofs",
    "choir_on_tour", "bike_kitchen",
)  # fmt: skip

PERSONAS = (
    "a nurse who works nights", "a freelance illustrator", "a retired geography teacher",
    "a site manager at a timber yard", "a doctoral student in linguistics",
    "the owner of a corner bakery", "a junior accountant", "a ferry captain on leave",
    "a stage manager at a small theatre", "a father of twins", "a volunteer firefighter",
    "a product designer between jobs", "a beekeeper with a market stall", "a court interpreter",
    "a high-school physics teacher", "a wedding photographer", "a hobby astronomer",
    "a physiotherapist with her own practice", "a night-shift warehouse planner",
    "the treasurer of a rowing club", "a podcast producer", "a landscape gardener",
    "a school librarian", "a violin maker", "an insurance clerk", "a field geologist",
    "a hotel receptionist", "a municipal bus driver", "a data analyst at a hospital",
    "a parish choir conductor", "a semi-retired carpenter", "a translator of cookbooks",
    "a sailing instructor", "a veterinary assistant", "the secretary of a housing cooperative",
    "a museum guide", "an apprentice electrician", "a documentary film editor",
    "a pharmacist in a small town", "a regional sales representative",
)  # fmt: skip


def _theme(subject: str, slug: str, tag: str, items: str) -> Theme:
    return Theme(subject=subject, slug=slug, tag=tag, items=tuple(items.split(", ")))


THEMES = (
    _theme("the rooftop garden", "rooftop_garden", "RooftopGarden",
           "planters, drip hoses, soil sacks, tomato seedlings, wind screens, rain barrels"),
    _theme("the community film night", "film_night", "FilmNight",
           "projector, folding chairs, popcorn machine, speakers, posters, extension leads"),
    _theme("the charity run", "charity_run", "CharityRun",
           "bib numbers, water stations, route signs, medals, first-aid kits, banners"),
    _theme("the workshop move", "workshop_move", "WorkshopMove",
           "lathe, workbenches, crates, shelving, forklift, paint cabinet"),
    _theme("the choir tour", "choir_tour", "ChoirTour",
           "sheet music, robes, tour bus, risers, hotel rooms, programs"),
    _theme("the museum exhibition", "exhibition", "OpeningNight",
           "showcases, labels, loan contracts, audio guides, spotlights, catalogues"),
    _theme("the kitchen renovation", "kitchen", "KitchenReno",
           "cabinets, tiles, worktop, plumbing, oven, paint samples"),
    _theme("the astronomy camp", "astro_camp", "AstroCamp",
           "telescopes, tents, star charts, red torches, batteries, blankets"),
    _theme("the bakery's anniversary", "anniversary", "FreshLoaves",
           "invitations, cake stands, sourdough starters, balloons, menus, gift bags"),
    _theme("the river cleanup", "river_cleanup", "RiverCleanup",
           "gloves, canoes, litter pickers, waste bags, life vests, permits"),
    _theme("the school science fair", "science_fair", "ScienceFair",
           "display boards, judges, ribbons, microscopes, tables, name tags"),
    _theme("the podcast relaunch", "podcast", "PodcastRelaunch",
           "microphones, jingles, guest list, cover art, transcripts, sponsors"),
    _theme("the bicycle repair day", "repair_day", "RepairDay",
           "inner tubes, brake pads, work stands, chain oil, spanners, helmets"),
    _theme("the harvest market", "harvest_market", "HarvestMarket",
           "stalls, honey jars, price lists, crates of apples, awnings, cash boxes"),
    _theme("the thesis defense", "thesis", "ThesisTime",
           "slides, handouts, survey data, committee, references, figures"),
    _theme("the guest cabin", "cabin", "CabinBuild",
           "wood stove, roof beams, insulation, windows, solar panel, water tank"),
)  # fmt: skip


def draw_cast(rng: Random, fixed_date: tuple[int, int, int] | None, with_car: bool) -> Cast:
    names = rng.sample(FIRST, 7)
    family = rng.sample(LAST, 7)
    theme = rng.choice(THEMES)
    year, month, day = fixed_date or (
        rng.choice((2024, 2025)),
        rng.randint(1, 12),
        rng.randint(1, 28),
    )
    word = theme.slug.split("_")[0].capitalize()
    styles = ("{0}_{1}", "{0}.{1}", "{1}_{0}", "{0}{1}")
    handles = [
        rng.choice(styles[:1] + styles[3:]).format(first.lower(), last.lower())
        for first, last in zip(names[1:], family[1:], strict=True)
    ]
    return Cast(
        first=names[0],
        last=family[0],
        username=rng.choice(styles).format(names[0].lower(), family[0].lower()),
        password=f"{word}{rng.choice('!#%*')}{rng.randint(100, 9999)}",
        persona=rng.choice(PERSONAS),
        friends=tuple(zip(names[1:], family[1:], strict=True)),
        handles=(*handles, *rng.sample(ACCOUNTS, 2)),
        theme=theme,
        year=year,
        month=month,
        day=day,
        with_car=with_car,
    )
