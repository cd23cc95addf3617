"""Which address leads to which page."""

from aiohttp import web

from web import public, reports
from web.page import HERE, PORTS, gently, set_up_templates
from workflow.context import Ports

PAGES = (
    ("GET", "/", public.home),
    ("GET", "/q", public.query),
    ("GET", "/f/{uscc}", public.firm),
    ("GET", "/publicity", public.publications),
    ("GET", "/publicity/feed.atom", public.feed),
    ("GET", "/publicity/{ref}", public.publication),
    ("POST", "/publicity/{ref}/complaint", public.complain),
    # A certificate's number has a slash of its own.
    ("GET", "/c/{number:.+}/certificate.pdf", public.certificate_pdf),
    ("GET", "/c/{number:.+}/certificate.png", public.certificate_png),
    ("GET", "/c/{number:.+}", public.certificate),
    ("GET", "/verify", public.verify_form),
    ("POST", "/verify", public.verify),
    ("GET", "/privacy", reports.privacy),
    ("GET", "/r/{ref}", reports.report),
    ("GET", "/r/{ref}/picture", reports.picture),
    ("GET", "/u/{token}", reports.upload_form),
    ("POST", "/u/{token}", reports.upload),
)


def add_pages(app: web.Application, ports: Ports) -> None:
    """Add the pages to ``app``."""
    app[PORTS] = ports
    set_up_templates(app)
    for method, path, handler in PAGES:
        if method == "GET":
            app.router.add_get(path, gently(handler))
        else:
            app.router.add_post(path, gently(handler))
    app.router.add_static("/static", HERE / "static")
