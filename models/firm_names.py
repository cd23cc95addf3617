"""What is remembered of firms' names so that anybody finds them (7.6)."""

from tortoise import fields
from tortoise.models import Model

from models.people import Enterprise


class FirmName(Model):
    """The name under which a firm is found; only firms with something public have a row (7.6, 8.3).

    Beside it stands the table ``firm_key``, without a model since its key is of two columns: ``key``, bytes, and
    ``enterprise_id``. ``gateways.firm_keys`` says what the bytes are; they follow from a row of this table alone, so a
    renamed firm's old ones can be told and taken out.
    """

    id = fields.BigIntField(primary_key=True)
    enterprise: fields.OneToOneRelation[Enterprise] = fields.OneToOneField(
        "models.Enterprise", related_name="found_by", on_delete=fields.RESTRICT
    )
    enterprise_id: int
    uscc = fields.CharField(max_length=18)
    folded = fields.CharField(max_length=200)
    """The name without what people leave out or write differently: blanks, brackets, width, case."""
    readings = fields.TextField()
    """Ways to say it: syllables with blanks between, one a character; the ways parted by ``/``."""

    class Meta:
        table = "firm_name"
        table_description = "企业名称检索"
