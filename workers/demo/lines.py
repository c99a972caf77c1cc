"""One event as one line that a person can read while it scrolls by."""

from rich.markup import escape

from workers.demo.reading import Seen

#: Characters of a message's text that a line shows.
_TEXT = 48
_ARROWS = {"inbound": "[cyan]←[/cyan]", "outbound": "[green]→[/green]"}


def line_of(seen: Seen) -> str:
    """The line, in rich's markup."""
    kind = seen.attributes["type"].removeprefix("afluente.")
    at = seen.attributes["time"][11:19]
    account = escape(seen.data["account"])
    if kind == "dead-letter":
        what = f"[red]dead letter[/red] {seen.data['reason']}: {escape(seen.data['detail'][:_TEXT])}"
    elif kind == "feed.gap":
        what = f"[yellow]gap[/yellow] {seen.data['gap']['reason']} in {escape(seen.data['feed']['key'])}"
    elif kind == "conversation.updated":
        what = _conversation(seen)
    else:
        what = _message(kind, seen)
    return f"[dim]{at} {account:<12}[/dim] {what}"


def _conversation(seen: Seen) -> str:
    told = seen.data["conversation"]
    person = told["contact"]["address"] or told["provider_id"]
    assignee = (told["assigned_to"] or {}).get("name") or "nobody"
    return f"· {person:<15} [dim]{escape(str(told['state']))}, {told['unread']} unread, of {escape(assignee)}[/dim]"


def _message(kind: str, seen: Seen) -> str:
    message, conversation = seen.data["message"], seen.data["conversation"]
    person = conversation["contact"]["address"] or conversation["provider_id"]
    arrow = _ARROWS.get(message["direction"], "·")
    status = message["status"]["state"] or ""
    if kind == "message.updated":
        now = status or message["status"]["provider"] or message["text"] or "new"
        return f"{arrow} {person:<15} [dim]{', '.join(seen.data['changed'])}:[/dim] {escape(now[:_TEXT])}"
    text = escape((message["text"] or f"({message['type']})").replace("\n", " ")[:_TEXT])
    return f"{arrow} {person:<15} {text} [dim]{status}[/dim]"
