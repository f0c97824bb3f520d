"""`cardioalert serve`: the REST server, with a worker beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cardioalert.i18n import translate as _
from cardioalert_cli import output
from cardioalert_cli.channels import configured
from cardioalert_cli.commands.options import DebugOption, LanguageOption
from cardioalert_cli.desk import open_desk
from cardioalert_cli.problems import UsageProblemError
from cardioalert_cli.server import door, is_loopback, make_app, serve_until_stopped

if TYPE_CHECKING:
    from cardioalert.settings import Settings

HELP = _("Serve the REST interface for the app.")
EXAMPLES = (
    "cardioalert serve",
    "cardioalert serve --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem",
)


def serve(
    *,
    host: Annotated[str, typer.Option("--host", help=_("Address to listen at."))] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help=_("Port."))] = 8000,
    tls_cert: Annotated[
        Path | None, typer.Option("--tls-cert", metavar="PEM", help=_("Certificate chain."))
    ] = None,
    tls_key: Annotated[
        Path | None, typer.Option("--tls-key", metavar="PEM", help=_("Its private key."))
    ] = None,
    behind_proxy: Annotated[
        bool, typer.Option("--behind-proxy", help=_("A proxy in front of it does TLS."))
    ] = False,
    worker: Annotated[
        bool, typer.Option("--worker/--no-worker", help=_("Run a worker beside it."))
    ] = True,
    lang: LanguageOption = None,
    debug: DebugOption = False,
) -> None:
    """Serve until interrupted."""
    if (tls_cert is None) != (tls_key is None):
        raise UsageProblemError(_("certificate and key come together"))
    if not (tls_cert or behind_proxy or is_loopback(host)):
        raise UsageProblemError(
            _("without TLS the server listens on this machine only"),
            hint=_("Add --tls-cert and --tls-key, or --behind-proxy."),
        )
    from cardioalert.security import logs  # noqa: PLC0415

    app = make_app(open_desk(), tuple(configured(_settings())))
    logs.configure()
    with door(host, port) as listening:
        output.note(_("Listening on port {port}. Stop with Ctrl-C.", port=str(port)))
        serve_until_stopped(
            app, listening, worker=worker, proxy_headers=behind_proxy,
            ssl_certfile=tls_cert, ssl_keyfile=tls_key,
        )  # fmt: skip


def _settings() -> Settings:
    """Read the settings; their library is loaded only now."""
    from cardioalert.settings import Settings  # noqa: PLC0415 - `--help` is fast

    return Settings()
