"""TwitterAPI: posts, comments and follows of one account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from fastsynth.env.adapters.bfcl.cast import ACCOUNTS, Cast
from fastsynth.env.adapters.bfcl.note import Drawn, Note, Schema, Sketch, record, rows, sample

LOGIN = ("authenticate_twitter",)
_POST: Schema = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"}, "username": {"type": "string"}, "content": {"type": "string"},
        "tags": rows({"type": "string"}), "mentions": rows({"type": "string"}),
    },
}  # fmt: skip
_SHORT = {"minLength": 1, "maxLength": 2000}

NOTES: dict[str, Note] = {
    "authenticate_twitter": Note(
        takes={"username": "username", "password": "password"}, mutates=True, askable=False,
        told=("authentication_status",),
    ),
    "comment": Note(
        takes={"tweet_id": "tweet_id", "comment_content": "comment_text"}, needs=LOGIN,
        mutates=True, told=("comment_status",), limits={"comment_content": _SHORT},
    ),
    "follow_user": Note(
        takes={"username_to_follow": "new_account"}, needs=LOGIN, mutates=True,
        undoes=("unfollow_user",), told=("follow_status",),
    ),
    "get_tweet": Note(
        takes={"tweet_id": "tweet_id"},
        gives={"username": "account", "content": "post_text", "tags[]": "tag_seen",
               "mentions[]": "mention_seen"},
        told=("content",),
    ),
    "get_tweet_comments": Note(
        takes={"tweet_id": "tweet_id"},
        gives={"[].username": "account", "[].content": "comment_seen"}, told=("[].content",),
        result=rows(record(username="string", content="string")),
    ),
    "get_user_stats": Note(
        takes={"username": "account"},
        gives={"tweet_count": "count", "following_count": "count", "retweet_count": "count"},
        told=("tweet_count", "following_count", "retweet_count"),
    ),
    "get_user_tweets": Note(
        takes={"username": "account"},
        gives={"[].id": "tweet_id", "[].content": "post_text", "[].tags[]": "tag_seen"},
        ranks={"[].id": ("oldest", "newest")}, told=("[].content",), result=rows(_POST),
    ),
    "list_all_following": Note(
        gives={"following_list[]": "followed_account"}, needs=LOGIN, told=("following_list[]",),
    ),
    "mention": Note(
        takes={"tweet_id": "tweet_id", "mentioned_usernames[]": "mention_handle"}, mutates=True,
        told=("mention_status",), limits={"mentioned_usernames": {"minItems": 1}},
    ),
    "post_tweet": Note(
        takes={"content": "tweet_text", "tags[]": "hashtag", "mentions[]": "mention_handle"},
        gives={"id": "tweet_id"}, needs=LOGIN, mutates=True, told=("id",),
        # The class appends to its own default list (see `live.Posts`): always passed, maybe empty.
        required=("mentions",),
        limits={"content": _SHORT,
                "tags": {"items": {"type": "string", "pattern": "^#\\S+$"}},
                "mentions": {"items": {"type": "string", "pattern": "^@\\S+$"}}},
    ),
    "posting_get_login_status": Note(gives={"login_status": "login_state"}, told=("login_status",)),
    "retweet": Note(
        takes={"tweet_id": "tweet_id"}, needs=LOGIN, mutates=True, told=("retweet_status",),
    ),
    "search_tweets": Note(
        takes={"keyword": "post_word"},
        gives={"[].id": "tweet_id", "[].content": "post_text", "[].username": "account"},
        ranks={"[].id": ("oldest", "newest")}, told=("[].username", "[].content"),
        result=rows(_POST),
    ),
    "unfollow_user": Note(
        takes={"username_to_unfollow": "followed_account"}, needs=LOGIN, mutates=True,
        undoes=("follow_user",), told=("unfollow_status",),
    ),
}  # fmt: skip

OCCASIONS = (
    "spreading the word about {subject}",
    "answering followers after a busy week",
    "thanking everyone who helped with {subject}",
    "growing a small account",
    "checking how the last posts were received",
    "tidying up the list of followed accounts",
    "announcing a change of date for {subject}",
    "helping {friend} get noticed",
    "looking for posts to share with the team",
    "keeping an eye on what {friend} posts",
    "finding volunteers for {subject}",
    "posting an update on the way home",
)
POSTS = (
    "{item} for {subject} are finally here, and they look great.",
    "Anyone with spare {item}? We need them for {subject}.",
    "Day {number} of {subject}: {item} done, coffee next.",
    "{number} people signed up for {subject} so far!",
    "Big thanks to {friend} for sorting out the {item}.",
    "Lesson of the week: never underestimate the {item}.",
    "We still need help with the {item} this {day}.",
    "Photos of {subject} coming this {day}.",
)
COMMENTS = (
    "Count me in!",
    "I can bring {item} on {day}.",
    "This made my {day}.",
    "Great news, {friend}!",
    "Where did you get the {item}?",
    "Happy to help with {subject}.",
)
DAYS = ("Thursday", "Friday", "Saturday", "Sunday")


def _say(patterns: Sequence[str], cast: Cast, rng: Random) -> str:
    text = rng.choice(patterns).format(
        item=rng.choice(cast.theme.items), subject=cast.theme.subject, day=rng.choice(DAYS),
        friend=rng.choice(cast.friends)[0], number=rng.randint(2, 90),
    )  # fmt: skip
    return text[0].upper() + text[1:]


def draw(cast: Cast, rng: Random) -> Drawn:
    first = rng.randint(0, 400)
    following = sample(rng, cast.handles, 3, 5)
    authors = [cast.username, cast.username, *following, *cast.handles[:3]]
    contents = list(dict.fromkeys(_say(POSTS, cast, rng) for _ in range(rng.randint(6, 10))))
    tags = [f"#{cast.theme.tag}", "#" + rng.choice(("Weekend", "Volunteers", "SmallWins", "HowTo"))]
    tweets = {
        str(first + number): {
            "id": first + number,
            "username": authors[number] if number < 3 else rng.choice(authors),
            "content": content,
            "tags": rng.sample(tags, rng.randint(0, 2)),
            "mentions": [f"@{rng.choice(cast.handles)}"] if rng.random() < 0.3 else [],
        }
        for number, content in enumerate(contents)
    }
    config = {
        "username": cast.username,
        "password": cast.password,
        "authenticated": rng.random() < 0.5,
        "tweets": tweets,
        "comments": {},
        "retweets": {},
        "following_list": following,
        "tweet_counter": first + len(tweets),
    }
    fresh = [name for name in (*cast.handles, *ACCOUNTS) if name not in following]
    said = [word for word in cast.theme.items if any(word in text for text in contents)]
    facts: dict[str, list[Any]] = {
        "account": [cast.username, *dict.fromkeys(t["username"] for t in tweets.values())][:4],
        "new_account": fresh[:3],
        "mention_handle": [f"@{name}" for name in cast.handles[:3]],
        "hashtag": tags,
        "post_word": [*said[:2], cast.theme.subject.removeprefix("the ")][:2],
        "tweet_text": [_say(POSTS, cast, rng) for _ in range(3)],
        "comment_text": [_say(COMMENTS, cast, rng) for _ in range(3)],
        "username": [cast.username],
        "password": [cast.password],
    }
    facts["account"] = list(dict.fromkeys(facts["account"]))
    return config, facts


def known(live: Any) -> Mapping[str, Sequence[Any]]:
    return {"followed_account": list(live.following_list)}


SKETCH = Sketch(
    name="TwitterAPI",
    document="posting_api",
    notes=NOTES,
    policy="Posting, commenting, sharing and following need the user to be signed in. "
    "Tags start with # and mentions with @.",
    occasions=OCCASIONS,
    companions=("MessageAPI", "GorillaFileSystem", "TicketAPI", "TravelAPI", "MathAPI"),
    draw=draw,
    known=known,
    opaque=frozenset({"tweet_id"}),
    broader={
        "followed_account": ("account",),
        "count": ("number",),
        "post_text": ("message_text", "note_text"),
        "comment_seen": ("message_text", "note_text"),
    },
)
