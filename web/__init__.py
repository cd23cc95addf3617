"""Pages for whoever comes without the mini-program: the public register, a firm's own pages, the operator's desk."""

from web.routes import add_pages

__all__ = ["add_pages"]
