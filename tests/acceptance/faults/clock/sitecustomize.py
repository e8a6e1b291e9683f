"""A clock that is set off: Python imports this at its start where PYTHONPATH leads here and SET_OFF_CLOCK names a file.

The file holds the seconds to add, read anew at each look, so that a clock can jump. Covered is what Python code
calls: time.time, time_ns, clock_gettime(CLOCK_REALTIME), gmtime, localtime and strftime of now, datetime.now, utcnow
and today, date.today. The monotonic clocks are left alone, as they are when a machine's clock is set; so are the
kernel's file times and what a C library asks for by itself.
"""
# As plain as can be: it runs before everything else.
# ruff: noqa: PTH123

import os

_file = os.environ.get("SET_OFF_CLOCK")
if _file:
    import datetime
    import time
    from functools import partial

    _time, _time_ns, _clock_gettime = time.time, time.time_ns, time.clock_gettime
    _of = {name: getattr(time, name) for name in ("gmtime", "localtime")}
    _strftime = time.strftime

    def _offset():
        with open(_file) as file:
            return float(file.read() or 0)

    def _now():
        return _time() + _offset()

    # Wrapped, because logging keeps such a function in a class, and a plain one would become a method there.
    time.time = partial(_now)
    time.time_ns = lambda: _time_ns() + int(_offset() * 1e9)
    time.clock_gettime = partial(
        lambda which: _clock_gettime(which) + (_offset() if which == time.CLOCK_REALTIME else 0)
    )
    time.gmtime = partial(lambda seconds=None: _of["gmtime"](_now() if seconds is None else seconds))
    time.localtime = partial(lambda seconds=None: _of["localtime"](_now() if seconds is None else seconds))
    time.strftime = partial(lambda format, when=None: _strftime(format, time.localtime() if when is None else when))

    _datetime, _date = datetime.datetime, datetime.date

    class _Whole(type):
        """Values that C code makes are of the class, too."""

        def __instancecheck__(cls, one):
            return isinstance(one, cls.__mro__[1])

        def __subclasscheck__(cls, one):
            return issubclass(one, cls.__mro__[1])

    class _SetOffDate(_date, metaclass=_Whole):
        @classmethod
        def today(cls):
            return _date.fromtimestamp(_now())

    class _SetOffDatetime(_datetime, metaclass=_Whole):
        @classmethod
        def now(cls, tz=None):
            return _datetime.fromtimestamp(_now(), tz)

        @classmethod
        def utcnow(cls):
            return _datetime.fromtimestamp(_now(), datetime.UTC).replace(tzinfo=None)

        @classmethod
        def today(cls):
            return _datetime.fromtimestamp(_now())

    datetime.date, datetime.datetime = _SetOffDate, _SetOffDatetime
