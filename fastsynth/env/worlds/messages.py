"""Messages: contacts, threads, drafts, groups, shared files and reminders.

Reading never marks anything read. A draft takes attachments from the other worlds too: a booking's
confirmation code or a wallet receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from msgspec import Meta

from fastsynth.env.adapters.contract import Means, tool
from fastsynth.env.worlds import messages_shapes as shapes
from fastsynth.env.worlds.part import Refused, code, mint
from fastsynth.env.worlds.travel import has_code
from fastsynth.env.worlds.travel_rules import days_between

POLICY = (
    "Messages go out from drafts or as replies; nothing can be called back once it is sent. A draft"
    " carries at most 3 attachments (rule MAX-3), groups have 2 to 8 members (rule GROUP-SIZE)."
)


class Messages:
    """One person's messages. `config` as `scenario.messages` draws it."""

    def __init__(self, config: dict[str, Any], others: Mapping[str, Any]) -> None:
        self.others = others
        self.now: str = config.get("now", "2026-03-02T09:00+00:00")
        self.salt: str = config.get("salt", "")
        self.contacts: dict[str, dict[str, Any]] = config.get("contacts", {})
        self.threads: dict[str, dict[str, Any]] = config.get("threads", {})
        self.drafts: dict[str, dict[str, Any]] = config.get("drafts", {})
        self.files: dict[str, dict[str, Any]] = config.get("files", {})
        self.reminders: dict[str, dict[str, Any]] = config.get("reminders", {})
        self.groups: dict[str, dict[str, Any]] = {}
        self.pins: list[str] = []
        self.sent: dict[str, dict[str, Any]] = {}

    def known(self) -> Mapping[str, Sequence[Any]]:
        return {"person_name": [contact["name"] for contact in self.contacts.values()]}

    @tool(mutates=False, told=("phone", "city"))
    def find_contact(
        self, name: Annotated[str, Means("person_name"), "Full name of the person."]
    ) -> shapes.Contact:
        """Look up a contact by name, with phone number and city."""
        for contact_id, contact in self.contacts.items():
            if contact["name"].lower() == name.lower():
                return {
                    "contact_id": contact_id,
                    "name": contact["name"],
                    "relation": contact["relation"],
                    "phone": contact["phone"],
                    "city": contact["city"],
                }
        raise Refused(f"no contact is called {name}")

    @tool(mutates=False, told=("contacts[].name",))
    def list_contacts(
        self, relation: Annotated[shapes.Relation, Means("relation"), "Which contacts to list."]
    ) -> shapes.Contacts:
        """List the contacts of one kind: family, friends, work or neighbours."""
        found: list[shapes.ContactLine] = [
            {"contact_id": i, "name": c["name"]}
            for i, c in self.contacts.items()
            if c["relation"] == relation
        ]
        if not found:
            raise Refused(f"no contacts under {relation}")
        return {"contacts": found}

    @tool(
        mutates=False,
        ranks={
            "threads[].quiet_days": ("most recent", "quietest"),
            "threads[].unread": ("", "busiest"),
        },
        told=("threads[].name", "threads[].unread"),
    )
    def list_threads(self) -> shapes.Threads:
        """List conversation threads with the number of unread messages."""
        return {
            "threads": [
                {
                    "thread_id": i,
                    "name": t["name"],
                    "unread": t["unread"],
                    "quiet_days": days_between(t["messages"][-1]["sent_at"][:10], self.now[:10]),
                }
                for i, t in self.threads.items()
            ]
        }

    @tool(
        mutates=False,
        ranks={"messages[].sent_at": ("first", "latest")},
        told=("messages[].text",),
    )
    def read_thread(self, thread_id: shapes.ThreadId) -> shapes.ThreadShown:
        """Show the messages of a thread, oldest first. Nothing is marked as read."""
        thread = self._thread(thread_id)
        return {"name": thread["name"], "messages": [_shown(m) for m in thread["messages"]]}

    @tool(
        mutates=False,
        ranks={"matches[].sent_at": ("oldest", "latest")},
        told=("matches[].sender", "matches[].text"),
    )
    def search_messages(
        self, words: Annotated[str, Means("search_words"), "Words the message contains."]
    ) -> shapes.Matches:
        """Find received messages that contain some words."""
        found: list[shapes.Match] = [
            _shown(message)
            for thread in self.threads.values()
            for message in thread["messages"]
            if words.lower() in message["text"].lower()
        ]
        if not found:
            raise Refused(f"no message contains {words!r}")
        return {"matches": found}

    @tool(mutates=True, told=("name", "marked"))
    def mark_thread_read(self, thread_id: shapes.ThreadId) -> shapes.ThreadRead:
        """Mark all messages of a thread as read."""
        thread = self._thread(thread_id)
        if not thread["unread"]:
            raise Refused(f"the thread with {thread['name']} has no unread messages")
        marked, thread["unread"] = thread["unread"], 0
        return {"name": thread["name"], "marked": marked}

    @tool(mutates=True, told=("name", "muted_until"))
    def mute_thread(self, thread_id: shapes.ThreadId, until: shapes.Day) -> shapes.Muted:
        """Silence a thread until the end of a day."""
        thread = self._thread(thread_id)
        if until < self.now[:10]:
            raise Refused(f"{until} is over; today is {self.now[:10]}")
        thread["muted_until"] = until
        return {"name": thread["name"], "muted_until": until}

    @tool(mutates=True, told=("to",))
    def create_draft(self, contact_id: shapes.ContactId, text: shapes.Text) -> shapes.Draft:
        """Write a draft to a contact. Nothing is sent yet."""
        contact = self._contact(contact_id)
        draft_id = mint(self.drafts, "dr-", self.salt, contact_id, text)
        self.drafts[draft_id] = {"contact_id": contact_id, "text": text, "attachments": []}
        return {"draft_id": draft_id, "to": contact["name"], "text": text}

    @tool(mutates=False, told=("drafts[].to", "drafts[].text"))
    def list_drafts(self) -> shapes.Drafts:
        """List the drafts that have not been sent."""
        return {
            "drafts": [
                {
                    "draft_id": i,
                    "to": self._contact(d["contact_id"])["name"],
                    "text": d["text"],
                    "attachments": len(d["attachments"]),
                }
                for i, d in self.drafts.items()
            ]
        }

    @tool(mutates=True, told=("attachment_name", "attachment_count"))
    def attach_to_draft(
        self,
        draft_id: shapes.DraftId,
        reference: Annotated[
            str,
            Means("reference"),
            "Reference of a shared file, confirmation code of a booking, or receipt number.",
        ],
    ) -> shapes.Attached:
        """Attach a shared file, a booking confirmation or a payment receipt to a draft."""
        draft = self._draft(draft_id)
        if len(draft["attachments"]) == 3:
            raise Refused("the rule MAX-3 allows 3 attachments")
        if reference in draft["attachments"]:
            raise Refused("this is attached to the draft already")
        attached = self._referred(reference)
        draft["attachments"].append(reference)
        count = len(draft["attachments"])
        return {"draft_id": draft_id, "attachment_name": attached, "attachment_count": count}

    @tool(mutates=True, told=("to", "sent_at"))
    def send_draft(self, draft_id: shapes.DraftId) -> shapes.Sent:
        """Send a draft to its contact."""
        draft = self._draft(draft_id)
        delivery = self._post(draft["contact_id"], draft["text"], draft["attachments"])
        del self.drafts[draft_id]
        to = self._contact(draft["contact_id"])["name"]
        return {"to": to, "sent_at": self.now, "delivery_no": delivery}

    @tool(mutates=True, undoes=("send_draft",), told=("to", "goes_out"))
    def schedule_draft(
        self, draft_id: shapes.DraftId, date: shapes.Day, time: shapes.Clock
    ) -> shapes.Scheduled:
        """Send a draft later, at a given day and time."""
        draft = self._draft(draft_id)
        draft["goes_out"] = self._later(date, time)
        to = self._contact(draft["contact_id"])["name"]
        return {"to": to, "goes_out": draft["goes_out"]}

    @tool(
        mutates=True,
        undoes=("create_draft", "schedule_draft", "attach_to_draft", "send_draft"),
        told=("to",),
    )
    def discard_draft(self, draft_id: shapes.DraftId) -> shapes.Discarded:
        """Throw a draft away."""
        draft = self._draft(draft_id)
        del self.drafts[draft_id]
        return {"to": self._contact(draft["contact_id"])["name"], "discarded": True}

    @tool(mutates=True, told=("to", "sent_at"))
    def reply_to_message(
        self,
        message_id: shapes.MessageId,
        text: Annotated[str, Means("reply_text"), Meta(min_length=1, max_length=2000), "Answer."],
    ) -> shapes.Sent:
        """Answer a received message at once."""
        thread, _ = self._message(message_id)
        delivery = self._post(thread["contact_id"], text, [message_id])
        return {"to": thread["name"], "sent_at": self.now, "delivery_no": delivery}

    @tool(mutates=True, told=("sender", "reaction"))
    def react_to_message(
        self,
        message_id: shapes.MessageId,
        reaction: Annotated[shapes.Emoji, "The reaction to leave."],
    ) -> shapes.Reacted:
        """Leave a reaction on a received message."""
        _, message = self._message(message_id)
        message["reaction"] = reaction
        return {"sender": message["sender"], "reaction": reaction}

    @tool(mutates=True, told=("sender", "pinned_count"))
    def pin_message(self, message_id: shapes.MessageId) -> shapes.Pinned:
        """Pin a received message so that it is easy to find."""
        _, message = self._message(message_id)
        if message_id in self.pins:
            raise Refused("this message is pinned already")
        self.pins = sorted([*self.pins, message_id])
        return {"sender": message["sender"], "pinned": True, "pinned_count": len(self.pins)}

    @tool(mutates=True, told=("name", "members"))
    def create_group(
        self,
        name: Annotated[str, Means("group_name"), "Name of the group."],
        contact_ids: Annotated[
            list[Annotated[str, Means("contact_id")]],
            Meta(min_length=2, max_length=8),
            "Ids of the contacts to add.",
        ],
    ) -> shapes.Group:
        """Open a group with several contacts."""
        members = sorted(set(contact_ids))
        for contact_id in members:
            self._contact(contact_id)
        if len(members) < 2:
            raise Refused("the rule GROUP-SIZE needs 2 different members")
        if any(group["name"] == name for group in self.groups.values()):
            raise Refused(f"a group is called {name} already")
        group_id = mint(self.groups, "gr-", self.salt, name, *members)
        self.groups[group_id] = {"name": name, "members": members, "posts": []}
        return {"group_id": group_id, "name": name, "members": len(members)}

    @tool(mutates=True, told=("group", "sent_at"))
    def post_to_group(self, group_id: shapes.GroupId, text: shapes.Text) -> shapes.GroupPosted:
        """Send a message to everyone in a group."""
        group = self.groups.get(group_id)
        if group is None:
            raise Refused(f"no group with id {group_id}")
        group["posts"].append(text)
        delivery = "D" + code(6, self.salt, group_id, text, len(group["posts"]))
        return {"group": group["name"], "sent_at": self.now, "delivery_no": delivery}

    @tool(
        mutates=False,
        ranks={"files[].size_kb": ("smallest", "largest")},
        told=("files[].name", "files[].shared_by"),
    )
    def search_files(
        self, words: Annotated[str, Means("file_words"), "Words in the file's name."]
    ) -> shapes.Files:
        """Find files that were shared in threads by words of their name."""
        found: list[shapes.File] = [
            {
                "file_ref": i,
                "name": f["name"],
                "size_kb": f["size_kb"],
                "shared_by": f["shared_by"],
            }
            for i, f in self.files.items()
            if words.lower() in f["name"].lower()
        ]
        if not found:
            raise Refused(f"no shared file has {words!r} in its name")
        return {"files": found}

    @tool(mutates=True, told=("title", "due"))
    def add_reminder(
        self,
        title: Annotated[str, Means("reminder_title"), Meta(max_length=200), "What to remember."],
        date: shapes.Day,
        time: shapes.Clock = "09:00",
    ) -> shapes.Reminder:
        """Set a reminder for a day and time."""
        due = self._later(date, time)
        if any((r["title"], r["due"]) == (title, due) for r in self.reminders.values()):
            raise Refused(f"a reminder {title!r} is set for {due} already")
        reminder_id = mint(self.reminders, "rm-", self.salt, title, due)
        self.reminders[reminder_id] = {"title": title, "due": due}
        return {"reminder_id": reminder_id, "title": title, "due": due}

    @tool(
        mutates=False,
        ranks={"reminders[].due": ("next", "last")},
        told=("reminders[].title", "reminders[].due"),
    )
    def list_reminders(self) -> shapes.Reminders:
        """List the open reminders with the time they are due."""
        return {
            "reminders": [
                {"reminder_id": i, "title": r["title"], "due": r["due"]}
                for i, r in self.reminders.items()
            ]
        }

    @tool(mutates=True, told=("title", "due"))
    def move_reminder(
        self, reminder_id: shapes.ReminderId, date: shapes.Day, time: shapes.Clock = "09:00"
    ) -> shapes.ReminderMoved:
        """Move a reminder to another day and time."""
        reminder = self._reminder(reminder_id)
        due = self._later(date, time)
        if due == reminder["due"]:
            raise Refused(f"the reminder is due {due} already")
        reminder["due"] = due
        return {"title": reminder["title"], "due": due}

    @tool(mutates=True, undoes=("add_reminder", "move_reminder"), told=("title", "open_reminders"))
    def complete_reminder(self, reminder_id: shapes.ReminderId) -> shapes.ReminderDone:
        """Tick a reminder off."""
        title = self._reminder(reminder_id)["title"]
        del self.reminders[reminder_id]
        return {"title": title, "open_reminders": len(self.reminders)}

    def _contact(self, contact_id: str) -> dict[str, Any]:
        if contact_id not in self.contacts:
            raise Refused(f"no contact with id {contact_id}")
        return self.contacts[contact_id]

    def _thread(self, thread_id: str) -> dict[str, Any]:
        if thread_id not in self.threads:
            raise Refused(f"no thread with id {thread_id}")
        return self.threads[thread_id]

    def _message(self, message_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
        for thread in self.threads.values():
            for message in thread["messages"]:
                if message["message_id"] == message_id:
                    return thread, message
        raise Refused(f"no received message with id {message_id}")

    def _draft(self, draft_id: str) -> dict[str, Any]:
        if draft_id not in self.drafts:
            raise Refused(f"no draft with id {draft_id}")
        return self.drafts[draft_id]

    def _reminder(self, reminder_id: str) -> dict[str, Any]:
        if reminder_id not in self.reminders:
            raise Refused(f"no reminder with id {reminder_id}")
        return self.reminders[reminder_id]

    def _later(self, day: str, clock: str) -> str:
        try:
            moment = datetime.fromisoformat(f"{day}T{clock}").isoformat(timespec="minutes")
        except ValueError as error:
            raise Refused(f"{day} {clock}: need a day and time of the calendar") from error
        if moment <= self.now[:16]:
            raise Refused(f"the rule AHEAD refuses {moment}: it is {self.now[:16]} now")
        return moment

    def _post(self, contact_id: str, text: str, more: list[str]) -> str:
        delivery = mint(self.sent, "D", self.salt, contact_id, text)
        self.sent[delivery] = {"contact_id": contact_id, "text": text, "more": more}
        return delivery

    def _referred(self, reference: str) -> str:
        if reference in self.files:
            return str(self.files[reference]["name"])
        travel, wallet = self.others.get("travel"), self.others.get("wallet")
        if travel is not None and has_code(travel, reference):
            return f"booking confirmation {reference}"
        if wallet is not None and reference in wallet.receipts:
            return f"receipt {reference}"
        raise Refused(f"{reference} is no shared file, booking confirmation or receipt")


def _shown(message: dict[str, Any]) -> shapes.Message:
    return {
        "message_id": message["message_id"],
        "sender": message["sender"],
        "sent_at": message["sent_at"],
        "text": message["text"],
    }
