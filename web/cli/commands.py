"""The commands of `earshot`, one function each.

Owns what a command is called, what it takes and what its help teaches (those for documents are in
document_commands.py); the work is done in the other files of this package.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import click
import msgspec

from engine.wire import Role
from web.cli import access, document_commands
from web.cli.client import Api
from web.cli.failures import Failure, IllSettings
from web.cli.options import A_LIFETIME, A_PORT, A_SPEED, AN_ID, PATH, of_a_server
from web.cli.words import count


class _Quiet(click.Group):
    """Ctrl-C is what people end commands with, so it is no error to tell."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise SystemExit(130) from None


class _OfMake(click.Command):
    """Names what is wrong as it is given to make: DATA, PORT or SPEED."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as problem:
            name = problem.param.name if problem.param else None
            raise IllSettings(f"{(name or 'make run').upper()}: {problem.message}") from None


@click.group(
    cls=_Quiet, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96}
)
def earshot() -> None:
    """Earshot from the command line.

    \b
    A first tour, with `make run` in another terminal:
      ./earshot calls                       which calls are live
      ./earshot tail CALL_ID                read one along
      ./earshot import-documents my-docs/   teach it what agents should find
      ./earshot replay my-calls.jsonl       play recorded dialogues as live calls

    Every command explains itself: ./earshot replay --help
    """


for _command in document_commands.COMMANDS:
    earshot.add_command(_command)


@earshot.command()
@click.argument("agent_id", type=AN_ID)
@click.option(
    "--role",
    type=click.Choice(["agent", "supervisor", "producer", "admin"]),
    default="agent",
    show_default=True,
    help="What the bearer may do; admin may do what producers and supervisors may.",
)
@click.option("--tenant", type=AN_ID, default="default", show_default=True, help="Whose calls.")
@click.option(
    "--lifetime",
    type=A_LIFETIME,
    help="How long it is valid: 90s, 30m, 8h, 7d  [default: tokens.lifetime_s of config.yaml]",
)
def token(agent_id: str, role: str, tenant: str, lifetime: int | None) -> None:
    """Make a token for AGENT_ID, signed with JWT_SECRET, and print it.

    Only the token is printed, so it can go straight into a variable.

    \b
    Examples:
      export JWT_SECRET=...                             the server's own secret
      ./earshot token agent-7
      ./earshot token recogniser --role producer --lifetime 7d
      EARSHOT_TOKEN=$(./earshot token me --role supervisor) ./earshot calls
    """
    configured = access.signing()
    if lifetime is not None:
        tokens = msgspec.structs.replace(configured.tokens, lifetime_s=lifetime)
        configured = msgspec.structs.replace(configured, tokens=tokens)
    click.echo(access.make_token(configured, agent_id, cast(Role, role), tenant))


@earshot.command()
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@click.option(
    "--speed", type=A_SPEED, default=1.0, show_default=True, help="2 is twice as fast as spoken."
)
@click.option(
    "--calls",
    type=click.IntRange(1, 200),
    default=1,
    show_default=True,
    metavar="N",
    help="How many calls run at once, at most one of each dialogue; they begin one by one.",
)
@click.option(
    "--agent",
    "agents",
    type=AN_ID,
    multiple=True,
    default=("agent-1",),
    show_default=True,
    help="Agent the calls are assigned to; given several times, they take turns.",
)
@click.option("--forever", is_flag=True, help="Begin again after the last dialogue.")
@click.option("--no-interim", is_flag=True, help="Send final text only.")
@of_a_server
def replay(
    paths: tuple[Path, ...],
    speed: float,
    calls: int,
    agents: tuple[str, ...],
    forever: bool,
    no_interim: bool,
    url: str,
    token: str | None,
) -> None:
    """Play the dialogues of each PATH as live calls, at speaking pace.

    PATH is a file or a folder in one of the formats of docs/data-formats.md. Each dialogue
    becomes a call with a fresh id: interim text while a line is spoken, then the final text,
    and an end. Times come from the file; lines without one are given the time it takes to say
    them. A server that is away is waited for. Ctrl-C ends the running calls and then stops.

    \b
    Examples:
      ./earshot replay demo --calls 4 --forever
      ./earshot replay dialogues.jsonl --speed 5 --no-interim
      ./earshot replay demo --calls 6 --agent agent-1 --agent agent-2
    """
    from web.cli.display import display
    from web.cli.replay import Plan, Replay
    from web.cli.scripts import ScriptError, read

    try:
        scripts = [script for path in paths for script in read(path)]
    except ScriptError as problem:
        raise Failure(str(problem)) from None
    plan = Plan(scripts, agents, speed, calls, forever, interim=not no_interim)
    with display() as shown:
        running = Replay(url, access.bearer(url, token, "producer"), plan, shown)
        on_stop_signals(running.stop)
        running.start()
        tally = running.join()
    early = f", {tally.ended_early} ended early" if tally.ended_early else ""
    left = f", {tally.left_live} could not be ended" if tally.left_live else ""
    click.echo(f"{count(tally.played, 'call')} played to the end{early}{left}.")


@earshot.command()
@click.option("--agent", "agent_id", type=AN_ID, help="Only the calls of this agent.")
@click.option("--all", "ended_too", is_flag=True, help="Ended calls too.")
@click.option(
    "--limit", type=click.IntRange(1, 1000), default=50, show_default=True, metavar="N",
    help="The most calls shown."
)  # fmt: skip
@of_a_server
def calls(agent_id: str | None, ended_too: bool, limit: int, url: str, token: str | None) -> None:
    """Show the live calls: id, status, duration, agents and the last words.

    \b
    Examples:
      ./earshot calls
      ./earshot calls --agent agent-1
      watch -n 2 ./earshot calls
    """
    from web.cli import calls as table

    statuses = (*table.LIVE, "ended") if ended_too else table.LIVE
    with Api(url, access.bearer(url, token, "supervisor")) as api:
        found = table.fetch(api, statuses, agent_id, limit)
        if found:
            table.show(api, found)
        else:
            click.echo("There is no live call." if not ended_too else "There is no call.")


@earshot.command()
@click.option("--after", default="", metavar="ID", help="Only what follows the entry with this id.")
@of_a_server
def audit(after: str, url: str, token: str | None) -> None:
    """Print the audit as JSON lines, oldest first: who watched which call, who changed what.

    Each line has an `id`; give the last one to --after, and only newer entries are printed.

    \b
    Examples:
      ./earshot audit > audit.jsonl
      ./earshot audit --after 1767605412000-0 >> audit.jsonl
      ./earshot audit | jq -r 'select(.kind == "watch.began") | [.at, .by, .call_id] | @tsv'
    """
    from web.cli.audit import lines

    with Api(url, access.bearer(url, token, "admin")) as api:
        for line in lines(api, after):
            click.echo(line)


@earshot.command()
@click.argument("call_id", type=AN_ID)
@click.option("--interim", is_flag=True, help="Text that is still being spoken, too.")
@click.option("--json", "raw", is_flag=True, help="Each event as it came, one JSON object a line.")
@of_a_server
def tail(call_id: str, interim: bool, raw: bool, url: str, token: str | None) -> None:
    """Follow CALL_ID as text until it ends.

    Begins with what was said so far. Goes on where it was after a restart of the server or a
    broken network: nothing is missing and nothing comes twice. A
    server that does not answer is waited for, and that is said once. Ctrl-C stops.

    \b
    Examples:
      ./earshot tail card-lost-3fa2c1
      ./earshot tail card-lost-3fa2c1 --json | jq -r 'select(.event == "ai:suggestion")'
    """
    from web.cli.tail import Tail

    stopped = [False]

    def stop() -> None:
        stopped[0] = True

    def stopping(pause_s: float) -> bool:
        deadline = time.monotonic() + pause_s
        while not stopped[0] and (left_s := deadline - time.monotonic()) > 0:
            time.sleep(min(left_s, 0.1))
        return stopped[0]

    on_stop_signals(stop)
    bearer = access.bearer(url, token, "supervisor")
    shown = Tail(
        url, bearer, call_id, click.echo, interim=interim, raw=raw,
        say=lambda text: click.echo(text, err=True),
    )  # fmt: skip
    shown.follow(stopping)


@earshot.command("run-demo", cls=_OfMake, hidden=True)
@click.option("--data", type=PATH, help="Folder to replay  [default: demo]")
@click.option("--speed", type=A_SPEED, default=1.0)
@click.option("--port", type=A_PORT, default=5000, envvar="PORT")
@click.option("--calls", type=click.IntRange(1, 200), default=4)
def run_demo(data: Path | None, speed: float, port: int, calls: int) -> None:
    """What `make run` does: a server, its documents and calls, until Ctrl-C."""
    from web.cli.run import Demo

    raise SystemExit(Demo(data, speed=speed, port=port, at_once=calls).run(on_stop_signals))


def on_stop_signals(stop: Callable[[], None]) -> None:
    """Calls `stop` on Ctrl-C, SIGTERM and a closed terminal. A second Ctrl-C is not patient."""

    def on_signal(number: int, _: object) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        stop()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
