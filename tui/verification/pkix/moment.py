"""Times with nanoseconds, as Go keeps them: a time that is cut to microseconds could pass where notation refuses it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import msgspec

from tui.verification.faults import Malformed

__all__ = ["Moment", "der_generalized_time", "der_utc_time", "rfc3339", "shifted"]

_ZONE = r"(Z|[+-]\d\d(?:\d\d))"
_GENERALIZED = re.compile(rf"(\d{{4}})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{{0,8}}[1-9]))?{_ZONE}", re.ASCII)
_UTC = re.compile(rf"(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?{_ZONE}", re.ASCII)
_RFC3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)T([01]\d|2[0-3])(:\d\d:\d\d)(?:\.(\d{1,64}))?(Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_LONGEST = 96


class Moment(msgspec.Struct, frozen=True, order=True):
    """A time in UTC: `whole` in microseconds, `rest` the nanoseconds (0 to 999) beyond them."""

    whole: datetime
    rest: int = 0

    @property
    def after(self) -> datetime:
        """The first whole microsecond that is not before it."""
        return shifted(self.whole, timedelta(microseconds=1)) if self.rest else self.whole


def shifted(moment: datetime, by: timedelta) -> datetime:
    """The moment so much later or earlier; an end of the calendar where it would lie beyond: certificates last to 9999."""
    try:
        return moment + by
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if by > timedelta(0) else datetime.min.replace(tzinfo=UTC)


def rfc3339(text: str) -> Moment:
    """RFC 3339 section 5.6, upper case T and Z, as Go's decoder of JSON wants it; ValueError otherwise."""
    match = _RFC3339.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        raise Malformed("not an RFC 3339 time")
    day, hour, seconds, fraction, zone = match.groups()
    return _moment(f"{day}T{hour}{seconds}", fraction, "+00:00" if zone == "Z" else zone)


def der_generalized_time(content: bytes, *, fraction: bool) -> Moment:
    """A GeneralizedTime with seconds; a `fraction` where the profile allows one, without trailing zeros (X.690 section 11.7)."""
    match = _GENERALIZED.fullmatch(content.decode("ascii"))
    if match is None or (match[7] and not fraction):
        raise Malformed("not a GeneralizedTime in DER")
    year, month, day, hour, minute, second, parts, zone = match.groups()
    return _moment(f"{year}-{month}-{day}T{hour}:{minute}:{second}", parts, _zone(zone))


def der_utc_time(content: bytes) -> Moment:
    """A UTCTime, of 1950 to 2049 (RFC 5280 section 4.1.2.5.1); the seconds may be missing, as Go reads it."""
    match = _UTC.fullmatch(content.decode("ascii"))
    if match is None:
        raise Malformed("not a UTCTime in DER")
    year, month, day, hour, minute, second, zone = match.groups()
    century = "19" if year >= "50" else "20"
    return _moment(f"{century}{year}-{month}-{day}T{hour}:{minute}:{second or '00'}", None, _zone(zone))


def _zone(text: str) -> str:
    """Go writes no offset of zero, and reads back only what it would write."""
    if text == "Z":
        return "+00:00"
    if text[1:] == "0000" or text[3:] > "59":
        raise Malformed("an offset that DER does not have")
    return f"{text[:3]}:{text[3:]}"


def _moment(local: str, fraction: str | None, zone: str) -> Moment:
    """The moment in UTC; more digits than nanoseconds are cut, as Go cuts them."""
    try:
        second = datetime.fromisoformat(local + zone).astimezone(UTC)
        nanoseconds = int(((fraction or "") + "000000000")[:9])
        return Moment(second + timedelta(microseconds=nanoseconds // 1000), nanoseconds % 1000)
    except (OverflowError, ValueError) as error:
        raise Malformed("a time outside the calendar") from error
