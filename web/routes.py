"""Which address leads to which page."""

from aiohttp import web

from web import (
    desk,
    feedback,
    my,
    my_applications,
    my_credit,
    my_items,
    my_months,
    my_products,
    my_reminders,
    my_sampling,
    my_scans,
    poster,
    procurement,
    public,
    reports,
    signing_in,
    trace,
)
from web.limits import PROXIES
from web.page import HERE, PORTS, gently, keep_static, lost, set_up_templates
from workflow.context import Ports
from workflow.sharing import Shared

PAGES = (
    ("GET", "/", public.home),
    ("GET", "/q", public.query),
    ("GET", "/f/{uscc}", public.firm),
    ("GET", "/publicity", public.publications),
    ("GET", "/publicity/feed.atom", public.feed),
    ("GET", "/publicity/{ref}", public.publication),
    ("POST", "/publicity/{ref}/complaint", public.complain),
    # A certificate's number, as people write it, has a slash of its own.
    ("GET", "/c/{number:.+}/certificate.pdf", public.certificate_pdf),
    ("GET", "/c/{number:.+}/certificate.png", public.certificate_png),
    ("GET", "/c/{number:.+}", public.certificate),
    # A code may hold anything, slashes and ends of lines too.
    ("GET", "/t", trace.asked),
    ("GET", "/t/{code:(?s:.+)}", trace.answer),
    ("GET", "/reports/new", trace.report_form),
    ("POST", "/reports/new", trace.report),
    ("GET", "/reports/{ref}", trace.reported),
    ("GET", "/poster", poster.poster),
    ("GET", "/compare", procurement.compare),
    ("GET", "/verify", public.verify_form),
    ("POST", "/verify", public.verify),
    ("GET", "/go/{token}", signing_in.link_page),
    ("POST", "/go/{token}", signing_in.follow_link),
    ("GET", "/signin", signing_in.sign_in),
    ("GET", "/signin/return", signing_in.sign_in_return),
    ("POST", "/signout", signing_in.sign_out),
    ("GET", "/my", my.home),
    ("POST", "/my/join", my.join),
    ("GET", "/my/inbox", my.notices),
    ("GET", "/my/firms/new", my.registration_form),
    ("POST", "/my/firms/new", my.register),
    ("GET", "/my/registrations/{ref}", my.registration_page),
    ("GET", "/my/firms/{uscc}", my.firm),
    ("POST", "/my/firms/{uscc}/invitations", my.invite),
    ("POST", "/my/firms/{uscc}/invitations/revoke", my.revoke_invitation),
    ("POST", "/my/firms/{uscc}/members/remove", my.remove_member),
    ("POST", "/my/firms/{uscc}/leave", my.leave),
    ("POST", "/my/firms/{uscc}/act", my.act_for),
    ("GET", "/my/firms/{uscc}/products", my_products.listing),
    ("GET", "/my/firms/{uscc}/products/new", my_products.new_form),
    ("POST", "/my/firms/{uscc}/products/new", my_products.new),
    ("GET", "/my/firms/{uscc}/products/{product:[0-9]+}", my_products.edit_form),
    ("POST", "/my/firms/{uscc}/products/{product:[0-9]+}", my_products.edit),
    ("GET", "/my/firms/{uscc}/products/{product:[0-9]+}/items", my_items.listing),
    ("POST", "/my/firms/{uscc}/products/{product:[0-9]+}/items", my_items.upload),
    ("GET", "/my/firms/{uscc}/scans", my_scans.scans),
    ("GET", "/my/firms/{uscc}/scans.csv", my_scans.export),
    ("GET", "/my/firms/{uscc}/apply", my_applications.apply_form),
    ("POST", "/my/firms/{uscc}/apply", my_applications.open_application),
    ("GET", "/my/applications/{ref}", my_applications.application),
    ("POST", "/my/applications/{ref}/materials", my_applications.hand_in),
    ("POST", "/my/applications/{ref}/take-out", my_applications.take_out),
    ("POST", "/my/applications/{ref}/submit", my_applications.submit),
    ("POST", "/my/applications/{ref}/withdraw", my_applications.withdraw),
    ("GET", "/my/applications/{ref}/objection", my_applications.objection_form),
    ("POST", "/my/applications/{ref}/objection", my_applications.object_to),
    ("GET", "/my/materials/{ref}", my_applications.material),
    ("GET", "/my/materials/{ref}/file", my_applications.material_file),
    ("GET", "/my/firms/{uscc}/months", my_months.year),
    ("GET", "/my/months/{ref}", my_months.month),
    ("POST", "/my/months/{ref}/files", my_months.hand_in),
    ("POST", "/my/months/{ref}/take-out", my_months.take_out),
    ("POST", "/my/months/{ref}/submit", my_months.submit),
    ("GET", "/my/filing-files/{ref}", my_months.filing_file),
    ("GET", "/my/filing-files/{ref}/file", my_months.filing_file_bytes),
    ("GET", "/my/firms/{uscc}/sampling", my_sampling.sampling),
    ("POST", "/my/firms/{uscc}/sampling", my_sampling.record),
    ("GET", "/my/firms/{uscc}/credit", my_credit.credit),
    ("POST", "/my/firms/{uscc}/credit", my_credit.file_own),
    ("GET", "/my/adoptions/new", procurement.adoption_form),
    ("POST", "/my/adoptions/new", procurement.file_adoption),
    ("GET", "/my/adoptions/{ref}", my_credit.adoption),
    ("POST", "/my/adoptions/{ref}/files", my_credit.add_file),
    ("GET", "/my/adoptions/{ref}/files/{file}", my_credit.file_bytes),
    ("POST", "/my/adoptions/{ref}/false", my_credit.establish_false),
    ("GET", "/f/{uscc}/feedback", feedback.form),
    ("POST", "/f/{uscc}/feedback", feedback.give),
    ("GET", "/my/watches", procurement.watches),
    ("GET", "/my/suppliers/{uscc}", procurement.supplier),
    ("POST", "/my/suppliers/{uscc}/watch", procurement.watch),
    ("POST", "/my/suppliers/{uscc}/confirmation", procurement.confirm),
    ("GET", "/my/confirmations/{ref}", procurement.confirmation),
    ("GET", "/my/confirmations/{ref}/confirmation.pdf", procurement.confirmation_pdf),
    ("GET", "/my/reminders", my_reminders.reminders),
    ("POST", "/my/reminders", my_reminders.choose),
    ("POST", "/my/reminders/calendar", my_reminders.calendar_link),
    ("GET", "/calendar/{token}.ics", my_reminders.calendar),
    ("GET", "/desk", desk.items),
    ("GET", "/desk/{ref}", desk.item),
    ("POST", "/desk/{ref}", desk.decide),
    ("GET", "/desk/{ref}/licence", desk.licence),
    ("GET", "/desk/{ref}/photo", desk.photo),
    ("GET", "/privacy", reports.privacy),
    ("GET", "/r/{ref}", reports.report),
    ("GET", "/r/{ref}/picture", reports.picture),
    ("GET", "/u/{token}", reports.upload_form),
    ("POST", "/u/{token}", reports.upload),
)

SHAPES = {
    "{uscc}": "{uscc:[0-9A-Za-z]{1,18}}",
    "{ref}": "{ref:[A-Za-z0-9_-]{1,43}}",
    "{file}": "{file:[A-Za-z0-9_-]{1,43}}",
}
"""What these parts of an address may be: the database is asked for nothing that is longer than its column."""


def add_pages(
    app: web.Application, ports: Ports, *, proxies: int = 0, account_qr: str = "", shared_seconds: float = 0
) -> None:
    """Add the pages to ``app``, before which stand so many ``proxies`` of ours.

    ``account_qr`` is what the service account's own QR code holds, where that is known; ``shared_seconds``: how old
    what stands behind a code may be.
    """
    app[PORTS], app[PROXIES], app[poster.ACCOUNT_QR] = ports, proxies, account_qr
    app[trace.BEHIND] = Shared(shared_seconds)
    app.middlewares.append(lost)
    set_up_templates(app)
    for method, path, handler in PAGES:
        if method == "GET":
            app.router.add_get(_shaped(path), gently(handler))
        else:
            app.router.add_post(_shaped(path), gently(handler))
    app.router.add_static("/static", HERE / "static")
    app.on_response_prepare.append(keep_static)


def _shaped(path: str) -> str:
    for part, shape in SHAPES.items():
        path = path.replace(part, shape)
    return path
