"""Acts of a person after which WeChat takes customer-service messages for them for a while."""

from bot import updates
from models import WindowTrigger

_COUNT_AS: dict[type[updates.Update], WindowTrigger] = {
    updates.Text: WindowTrigger.MESSAGE,
    updates.Image: WindowTrigger.MESSAGE,
    updates.Voice: WindowTrigger.MESSAGE,
    updates.Video: WindowTrigger.MESSAGE,
    updates.Location: WindowTrigger.MESSAGE,
    updates.Link: WindowTrigger.MESSAGE,
    updates.File: WindowTrigger.MESSAGE,
    updates.MiniProgramPage: WindowTrigger.MESSAGE,
    updates.Click: WindowTrigger.MENU,
    updates.ScanCode: WindowTrigger.MENU,
    updates.Subscribe: WindowTrigger.FOLLOW,
    updates.Scan: WindowTrigger.SCAN,
}


def trigger_of(update: updates.Update) -> WindowTrigger | None:
    """What ``update`` counts as. None for what allows nothing: opened pages, places, results of sending; pictures that
    are announced count when they come.
    """
    match update:
        case updates.Text(menu_id=str()):
            # A tapped reply arrives as a text and counts as the menu.
            return WindowTrigger.MENU
        case updates.Unknown(is_message=True):
            return WindowTrigger.MESSAGE
    return _COUNT_AS.get(type(update))
