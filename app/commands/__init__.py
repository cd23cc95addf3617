"""The ``zhuisu`` commands, one file a purpose."""
