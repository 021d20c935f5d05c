"""The commands of `earshot` for documents: put, found, deleted, and how they fare.

Owns what they are called, what they take and what their help teaches, as commands.py does for the
others.
"""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from web.cli import access
from web.cli.client import Api, segment
from web.cli.failures import Failure, Refused
from web.cli.options import AN_ID, PATH, of_a_server


@click.command("import-documents")
@click.argument("paths", nargs=-1, required=True, type=PATH, metavar="PATH...")
@click.option("--wait", is_flag=True, help="Until every document has its vectors, too.")
@click.option("--language", metavar="TAG", help="Of documents that name none, such as de or pt-BR.")
@of_a_server
def import_documents(
    paths: tuple[Path, ...], wait: bool, language: str | None, url: str, token: str | None
) -> None:
    """Put the documents of each PATH into the server's knowledge base.

    PATH is a folder (its kb.jsonl, else every .jsonl, .md, .html and .txt in it), a .jsonl file
    with one document a line, or one document's file. A document that is there already is
    replaced, so an import may be repeated. What is refused is listed with its file or line and
    the reason, and the exit code is then 1; the rest is in. What of a folder was not read is
    told in one line.
    docs/data-formats.md describes the formats. A server that is away is waited for, 30 s long.
    Documents are found by their words at once, and by their meaning when the server has made
    their vectors, which --wait waits for.

    \b
    Examples:
      ./earshot import-documents demo/kb
      ./earshot import-documents manual.jsonl faq/ --url https://earshot.example.org
    """
    from web.cli import importing

    def api() -> Api:
        return Api(url, access.bearer(url, token, "admin"))

    code = importing.run(api, paths, wait=wait, language=language)
    if code:
        raise SystemExit(code)


@click.command("knowledge")
@of_a_server
def knowledge_state(url: str, token: str | None) -> None:
    """Show how many documents the server serves, and how far their vectors are.

    \b
    Example:
      ./earshot knowledge
    """
    from web.cli import knowledge

    with Api(url, access.bearer(url, token, "admin")) as api:
        for line in knowledge.lines(knowledge.state(api)):
            click.echo(line)


@click.command("knowledge-report")
@click.option("--json", "raw", is_flag=True, help="As the API gives it: one JSON object.")
@of_a_server
def knowledge_report(raw: bool, url: str, token: str | None) -> None:
    """Show which documents help, which do not, which are never shown, and what is missing.

    For the owner of the knowledge base. Verdicts are the agents': of one yes alone, it is 95 %
    sure only that at least 21 % find the document helpful. What is missing is what customers
    asked for, in two calls or more, and no document was good enough to show.

    \b
    Examples:
      ./earshot knowledge-report
      ./earshot knowledge-report --json | jq '.missing[:5]'
    """
    from web.cli import knowledge

    with Api(url, access.bearer(url, token, "admin")) as api:
        report = api.get("/v1/knowledge/report")
    if raw:
        click.echo(msgspec.json.encode(report).decode())
    else:
        knowledge.show_report(report)


@click.command("search")
@click.argument("words", nargs=-1, required=True, metavar="WORDS...")
@click.option(
    "--limit", type=click.IntRange(1, 50), default=10, show_default=True, metavar="N",
    help="The most documents shown."
)  # fmt: skip
@click.option("--json", "raw", is_flag=True, help="As the API gives it: one JSON object.")
@of_a_server
def search(words: tuple[str, ...], limit: int, raw: bool, url: str, token: str | None) -> None:
    """Find documents by WORDS, the best first: relevance, id, title and the passage found.

    As agents find them: by words, and by meaning where the vectors are made. What was put a
    moment ago may not be found yet.

    \b
    Examples:
      ./earshot search late fee
      ./earshot search "the engineer never came" --limit 3
      ./earshot search late fee --json | jq -r '.documents[].id'
    """
    from web.cli import searching

    wanted = " ".join(words).strip()
    if not wanted:
        raise click.BadParameter("must not be empty", param_hint="WORDS")
    with Api(url, access.bearer(url, token, "agent")) as api:
        found = api.get("/v1/documents/search", q=wanted, limit=limit)
        if raw:
            click.echo(msgspec.json.encode(found).decode())
        elif found["documents"]:
            searching.show(found["documents"])
        else:
            for line in searching.nothing(api):
                click.echo(line)


@click.command("delete-document")
@click.argument("doc_id", type=AN_ID, metavar="ID")
@of_a_server
def delete_document(doc_id: str, url: str, token: str | None) -> None:
    """Delete the document ID from the server's knowledge base.

    It is found no more, within a second on every node. There is no way back but to import it
    again. `./earshot search` shows ids.

    \b
    Example:
      ./earshot delete-document late-fee
    """
    with Api(url, access.bearer(url, token, "admin")) as api:
        try:
            api.request("DELETE", f"/v1/documents/{segment(doc_id)}")
        except Refused as refusal:
            if refusal.code != "not_found":
                raise
            raise Failure(
                f"There is no document {doc_id}. `./earshot search WORDS` shows ids."
            ) from None
    click.echo(f"Document {doc_id} deleted.")


COMMANDS = (import_documents, knowledge_state, knowledge_report, search, delete_document)
