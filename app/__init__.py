"""The composition root: the only room that joins gateways to use cases, and the ``zhuisu`` command line."""
