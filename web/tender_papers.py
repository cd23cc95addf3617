"""What the forms of an adoption have in common: their fields, and the papers that come with them (8.5(1))."""

from web.forms import Form
from workflow.credit.adoptions import FILES, Paper
from workflow.problems import Kind, Refused

FIELDS = ("tender_number", "tender_role", "customer_name", "customer_uscc")


def papers_of(form: Form) -> list[Paper]:
    """Every paper that was sent."""
    return [Paper(kind, sent.name, sent.data) for kind in FILES for sent in form.files.get(kind, ())]


def all_papers_of(form: Form) -> list[Paper]:
    """The same; :class:`Refused` ``file_missing`` where none of a kind was sent."""
    for kind, title in FILES.items():
        if not form.files.get(kind):
            raise Refused(Kind.INVALID, "file_missing", f"请选择{title}", clause="8.5(1)", field=kind)
    return papers_of(form)
