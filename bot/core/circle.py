"""The circle: one short practice for a whole group at the time that its admins chose.

Rules that hold here: local time, zone and days are the truth, and `due_at` is derived from them; none comes while the
room is held, may not be written to, or is gone.
"""

from bot.core.model import Room
from bot.core.schedule import Zones, next_due


def due_at(room: Room, after: int, zones: Zones) -> int:
    """When the next circle comes after a time; 0: none does. Both are seconds since 1970, UTC."""
    zone = zones.zone(room.circle.zone)
    if zone is None or not room.is_on or not room.may_write or room.gone_at:
        return 0
    return next_due(room.circle, zone, max(after, room.held_until), room.told_on) or 0
