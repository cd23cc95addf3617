"""Which version of the inspection judged a picture: stands in every report, and a new one judges anew."""

ENGINE = "zhuisu-inspection/2"
