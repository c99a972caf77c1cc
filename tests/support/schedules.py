"""Schedules of feeds that were polled."""

from workers.schedule.schedule import Schedule

MINUTE, DAY = 60.0, 86_400.0


def polled(schedule, now, ages=()):
    key = schedule.next(now)
    if key is not None:
        schedule.done(key, now, ages)
    return key


def known(keys, *, ages=(), **options):
    """A schedule that has polled each of these once, at second 0."""
    schedule = Schedule(**options)
    for key in keys:
        schedule.add(key, 0)
    for _ in keys:
        polled(schedule, 0, ages)
    return schedule
