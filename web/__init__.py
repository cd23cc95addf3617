"""Pages for whoever comes without WeChat: photo reports, upload of originals, the privacy notice. Phone first."""

from web.pages import add_pages

__all__ = ["add_pages"]
