"""What the message tools take and return, with the meaning of every value."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from msgspec import Meta

from fastsynth.env.adapters.contract import Means

Relation = Literal["family", "friend", "work", "neighbour"]
Emoji = Literal["thumbs up", "heart", "laugh", "party", "thanks"]

ContactId = Annotated[str, Means("contact_id"), "Id of a contact."]
ThreadId = Annotated[str, Means("thread_id"), "Id of a conversation thread."]
MessageId = Annotated[str, Means("message_id"), "Id of a received message."]
DraftId = Annotated[str, Means("draft_id"), "Id of a draft."]
GroupId = Annotated[str, Means("group_id"), "Id of a group."]
ReminderId = Annotated[str, Means("reminder_id"), "Id of a reminder."]
Text = Annotated[str, Means("message_text"), Meta(min_length=1, max_length=2000), "What to write."]
Day = Annotated[
    str, Means("reminder_date"), Meta(pattern=r"^\d{4}-\d{2}-\d{2}$"), "Day, YYYY-MM-DD."
]
Clock = Annotated[
    str, Means("clock_time"), Meta(pattern=r"^\d{2}:\d{2}$"), "Time of day, 24 h, HH:MM."
]


class Contact(TypedDict):
    contact_id: ContactId
    name: str
    relation: str
    phone: str
    city: Annotated[str, Means("contact_city")]


class ContactLine(TypedDict):
    contact_id: ContactId
    name: str


class Contacts(TypedDict):
    contacts: list[ContactLine]


class Thread(TypedDict):
    thread_id: ThreadId
    name: str
    unread: int
    quiet_days: Annotated[int, "Days since the last message."]


class Threads(TypedDict):
    threads: list[Thread]


class Message(TypedDict):
    message_id: MessageId
    sender: str
    sent_at: str
    text: str


class ThreadShown(TypedDict):
    name: str
    messages: list[Message]


class Match(TypedDict):
    message_id: MessageId
    sender: str
    sent_at: str
    text: str


class Matches(TypedDict):
    matches: list[Match]


class ThreadRead(TypedDict):
    name: str
    marked: int


class Draft(TypedDict):
    draft_id: DraftId
    to: str
    text: str


class DraftLine(TypedDict):
    draft_id: DraftId
    to: str
    text: str
    attachments: int


class Drafts(TypedDict):
    drafts: list[DraftLine]


class Attached(TypedDict):
    draft_id: str
    attachment_name: str
    attachment_count: int


class Sent(TypedDict):
    to: str
    sent_at: str
    delivery_no: Annotated[str, Means("delivery_no")]


class Scheduled(TypedDict):
    to: str
    goes_out: str


class Discarded(TypedDict):
    to: str
    discarded: bool


class Reacted(TypedDict):
    sender: str
    reaction: str


class Pinned(TypedDict):
    sender: str
    pinned: bool
    pinned_count: int


class Group(TypedDict):
    group_id: GroupId
    name: str
    members: int


class GroupPosted(TypedDict):
    group: str
    sent_at: str
    delivery_no: Annotated[str, Means("delivery_no")]


class File(TypedDict):
    file_ref: Annotated[str, Means("file_ref")]
    name: str
    size_kb: int
    shared_by: str


class Files(TypedDict):
    files: list[File]


class Reminder(TypedDict):
    reminder_id: ReminderId
    title: str
    due: str


class Reminders(TypedDict):
    reminders: list[Reminder]


class ReminderMoved(TypedDict):
    title: str
    due: str


class ReminderDone(TypedDict):
    title: str
    open_reminders: int


class Muted(TypedDict):
    name: str
    muted_until: str
