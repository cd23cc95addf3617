"""What is remembered of pictures so that one that was sent before is recognised (4.1.1, 7.2(2))."""

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint
from tortoise.models import Model

from models.photos import Evidence


class PictureFingerprint(Model):
    """The fingerprint of one piece of evidence; it goes when the evidence is dropped (R54).

    ``id`` grows with time and is never used twice: whoever keeps the keys in memory asks for what came after.
    """

    id = fields.BigIntField(primary_key=True)
    evidence: fields.OneToOneRelation[Evidence] = fields.OneToOneField(
        "models.Evidence", related_name="fingerprint", on_delete=fields.RESTRICT
    )
    evidence_id: int
    key = fields.BigIntField()
    """:attr:`inspection.phash.Fingerprint.key` as a signed number."""
    fine = fields.BinaryField()
    """:attr:`inspection.phash.Fingerprint.fine`, 32 bytes."""

    class Meta:
        table = "picture_fingerprint"
        table_description = "图片指纹"
        constraints = (CheckConstraint(check='length("fine") = 32', name="picture_fingerprint_fine"),)
