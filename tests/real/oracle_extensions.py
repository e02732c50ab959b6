"""Extensions that are out of the ordinary, and encodings that are not DER."""

from __future__ import annotations

from collections.abc import Mapping

from tests.real.der import (
    CA_USAGE,
    TRUE,
    Change,
    algorithm,
    bits,
    boolean,
    extension,
    having,
    integer,
    long_form,
    octets,
    oid,
    seq,
    set_of,
    text,
    tlv,
    usual_name,
)

USAGE, CONSTRAINTS, EXTENDED = "2.5.29.15", "2.5.29.19", "2.5.29.37"
SUBJECT_KEY, AUTHORITY_KEY, NAMES = "2.5.29.14", "2.5.29.35", "2.5.29.17"
LIMITS, POINTS, POLICIES, MAPPINGS = "2.5.29.30", "2.5.29.31", "2.5.29.32", "2.5.29.33"
POLICY_LIMITS, INHIBIT, FRESHEST, ACCESS = "2.5.29.36", "2.5.29.54", "2.5.29.46", "1.3.6.1.5.5.7.1.1"
OCSP = "1.3.6.1.5.5.7.48.1"
URL = tlv(0x86, b"http://127.0.0.1:1/a")


def values() -> Mapping[str, tuple[str, bytes]]:
    """Values of extensions by a name, with the OID."""
    point = tlv(0xA0, tlv(0xA0, URL))
    relative = tlv(0xA0, tlv(0xA1, seq(oid("2.5.4.3"), text("x"))))
    directory = tlv(0xA4, usual_name())
    found: dict[str, tuple[str, bytes]] = {
        "unknown": ("1.2.3.4", integer(1)),
        "unknown of nothing": ("1.2.3.4", b""),
        "unknown of the arc": ("2.5.29.99", integer(1)),
        "subject key": (SUBJECT_KEY, octets(b"12345")),
        "subject key empty": (SUBJECT_KEY, octets(b"")),
        "subject key bare": (SUBJECT_KEY, b"12345"),
        "subject key with more": (SUBJECT_KEY, octets(b"1") + integer(1)),
        "authority key": (AUTHORITY_KEY, seq(tlv(0x80, b"12345"))),
        "authority key empty": (AUTHORITY_KEY, seq()),
        "authority key by name": (AUTHORITY_KEY, seq(tlv(0xA1, directory), tlv(0x82, b"\1"))),
        "authority key constructed": (AUTHORITY_KEY, seq(tlv(0xA0, octets(b"1")))),
        "authority key bare": (AUTHORITY_KEY, octets(b"1")),
        "authority key with more": (AUTHORITY_KEY, seq(tlv(0x80, b"1")) + integer(1)),
        "points": (POINTS, seq(seq(point))),
        "points two names": (POINTS, seq(seq(tlv(0xA0, tlv(0xA0, URL + URL))), seq(point))),
        "points relative": (POINTS, seq(seq(relative))),
        "points by directory": (POINTS, seq(seq(tlv(0xA0, tlv(0xA0, directory))))),
        "points by directory and URL": (POINTS, seq(seq(tlv(0xA0, tlv(0xA0, directory + URL))))),
        "points of an issuer": (POINTS, seq(seq(tlv(0xA2, directory)))),
        "points of some reasons": (POINTS, seq(seq(point + tlv(0x81, b"\x01\x06")))),
        "points empty": (POINTS, seq()),
        "points bare": (POINTS, point),
        "points high": (POINTS, seq(seq(tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://\xff")))))),
        "policies": (POLICIES, seq(seq(oid("1.2.3")), seq(oid("1.2.4")))),
        "policies twice": (POLICIES, seq(seq(oid("1.2.3")), seq(oid("1.2.3")))),
        "policies huge": (POLICIES, seq(seq(tlv(6, b"\x2a" + b"\xff" * 12 + b"\x7f")))),
        "policies not minimal": (POLICIES, seq(seq(tlv(6, b"\x2a\x80\x01")))),
        "policies cut": (POLICIES, seq(seq(tlv(6, b"\x2a\x81")))),
        "policies empty": (POLICIES, seq()),
        "policies with qualifiers": (POLICIES, seq(seq(oid("1.2.3"), seq(seq(oid("1.3.6.1.5.5.7.2.1"), text("x", 0x16)))))),
        "policies bare": (POLICIES, oid("1.2.3")),
        "mappings": (MAPPINGS, seq(seq(oid("1.2.3"), oid("1.2.4")))),
        "mappings half": (MAPPINGS, seq(seq(oid("1.2.3")))),
        "policy limits": (POLICY_LIMITS, seq(tlv(0x80, b"\0"))),
        "policy limits not minimal": (POLICY_LIMITS, seq(tlv(0x80, b"\0\1"))),
        "policy limits empty": (POLICY_LIMITS, seq()),
        "inhibit": (INHIBIT, integer(0)),
        "inhibit bare": (INHIBIT, b"\0"),
        "freshest": (FRESHEST, seq(seq(point))),
        "freshest junk": (FRESHEST, b"junk"),
        "access": (ACCESS, seq(seq(oid(OCSP), URL), seq(oid("1.3.6.1.5.5.7.48.2"), URL))),
        "access empty": (ACCESS, seq()),
        "access by directory": (ACCESS, seq(seq(oid(OCSP), directory))),
        "access bare": (ACCESS, URL),
        "access without method": (ACCESS, seq(seq(URL))),
        "issuer's names": ("2.5.29.18", seq(URL)),
        "names by otherName": (NAMES, seq(tlv(0xA0, oid("1.2.3") + tlv(0xA0, text("x"))))),
        "names empty": (NAMES, seq()),
        "names by directory": (NAMES, seq(directory)),
        "name limits other": (LIMITS, seq(tlv(0xA0, seq(directory)))),
    }
    return found


def extensions() -> dict[str, Change]:
    """Each value uncritical, critical and critical in another way; then the extensions that every chain has."""
    found: dict[str, Change] = {}
    for label, (name, value) in values().items():
        found[f"extension {label}"] = having(extension(name, value))
        found[f"extension {label}, critical"] = having(extension(name, value, TRUE))
    for label, flag in {"FALSE": boolean(0), "1": boolean(1), "two bytes": tlv(1, b"\xff\xff"), "an integer": integer(1)}.items():
        found[f"extension critical as {label}"] = having(extension("1.2.3.4", integer(1), flag))
    found |= {
        "extension twice": lambda p: p.having(extension("1.2.3.4", b"1"), extension("1.2.3.4", b"2")),
        "extension with more": lambda p: p.having(seq(oid("1.2.3.4"), octets(b"1"), integer(1))),
        "extension without value": lambda p: p.having(seq(oid("1.2.3.4"))),
        "extension as a bit string": lambda p: p.having(seq(oid("1.2.3.4"), bits(b"1"))),
        "extensions none": lambda p: p.but(extensions=()),
        "extensions an empty list": lambda p: p.but(raw_extensions=tlv(0xA3, seq())),
        "extensions bare": lambda p: p.but(raw_extensions=tlv(0xA3)),
        "extensions with more": lambda p: p.but(raw_extensions=tlv(0xA3, seq(*p.extensions), integer(1))),
    }
    return found | usages() | limits()


def _either(for_root: Change, for_leaf: Change) -> Change:
    """One change for the root, another for the leaf."""
    return lambda parts: for_root(parts) if CA_USAGE in parts.extensions else for_leaf(parts)


def usages() -> dict[str, Change]:
    """Key usage, extended usage and basic constraints, in place of the usual ones."""

    def instead(number: int, changed: bytes) -> Change:
        return lambda p: p.but(extensions=(*p.extensions[:number], changed, *p.extensions[number + 1 :]))

    found: dict[str, Change] = {}
    for label, value in {
        "empty": bits(b""),
        "of zeros": bits(b"\0", 0),
        "not minimal": bits(b"\x80", 0),
        "with set padding": bits(b"\x81", 7),
        "of nine bits": bits(b"\x80\x80", 7),
        "of non-repudiation": bits(b"\xc0", 6),
        "of encipherOnly": bits(b"\x81", 0),
        "of much": bits(b"\x86", 1),
        "with padding of 8": bits(b"\x80", 8),
        "an integer": integer(1),
        "with more": bits(b"\x80", 7) + integer(1),
    }.items():
        leaf_change = instead(0, extension(USAGE, value, TRUE))
        root_change = instead(1, extension(USAGE, value, TRUE))
        found[f"usage {label}"] = _either(root_change, leaf_change)
    for label, value in {
        "FALSE": seq(boolean(0)),
        "1": seq(boolean(1)),
        "empty": seq(),
        "of a path": seq(integer(0)),
        "FALSE of a path": seq(boolean(0), integer(0)),
        "of a negative path": seq(TRUE, integer(-1)),
        "of a path of 0": seq(TRUE, integer(0)),
        "of a path of 2^63": seq(TRUE, integer(1 << 63)),
        "of a path of 2^64": seq(TRUE, integer(1 << 64)),
        "with more": seq(TRUE, integer(3), integer(4)),
        "with more behind": seq(TRUE) + integer(4),
        "bare": TRUE,
    }.items():
        changed = extension(CONSTRAINTS, value, TRUE)
        root_change = instead(0, changed)
        found[f"constraints {label}"] = _either(root_change, having(changed))
    for label, value in {
        "empty": seq(),
        "unknown": seq(oid("1.2.3")),
        "any": seq(oid("2.5.29.37.0")),
        "twice": seq(oid("1.3.6.1.5.5.7.3.3"), oid("1.3.6.1.5.5.7.3.3")),
        "IPsec": seq(oid("1.3.6.1.5.5.7.3.5")),
        "bare": oid("1.3.6.1.5.5.7.3.3"),
        "an integer": seq(integer(1)),
        "with more": seq(oid("1.3.6.1.5.5.7.3.3")) + integer(1),
    }.items():
        changed = extension(EXTENDED, value)
        leaf_change = instead(1, changed)
        found[f"extended {label}"] = _either(having(changed), leaf_change)
    return found


def limits() -> dict[str, Change]:
    """Name constraints."""

    def tree(tag: int, content: bytes) -> bytes:
        return seq(tlv(0xA0, seq(tlv(tag, content))))

    found = {
        "DNS": tree(0x82, b"example"),
        "DNS dot": tree(0x82, b".example"),
        "DNS ended": tree(0x82, b"example."),
        "DNS two dots": tree(0x82, b"a..b"),
        "DNS space": tree(0x82, b"a b"),
        "DNS high": tree(0x82, b"\xff"),
        "DNS empty": tree(0x82, b""),
        "mail host": tree(0x81, b"example"),
        "mail box": tree(0x81, b"a@example"),
        "mail quoted": tree(0x81, b'"a b"@example'),
        "mail two dots": tree(0x81, b"a..b@example"),
        "mail at": tree(0x81, b"@example"),
        "mail two at": tree(0x81, b"a@b@c"),
        "URI": tree(0x86, b"example"),
        "URI address": tree(0x86, b"10.0.0.1"),
        "URI whole": tree(0x86, b"http://a/"),
        "IP": tree(0x87, b"\x0a\0\0\0\xff\0\0\0"),
        "IP mask": tree(0x87, b"\x0a\0\0\0\xff\0\xff\0"),
        "IP mask 0": tree(0x87, bytes(8)),
        "IP short": tree(0x87, b"\x0a\0\0\0"),
        "IPv6": tree(0x87, bytes(16) + b"\xff" * 16),
        "empty": seq(),
        "empty trees": seq(tlv(0xA0), tlv(0xA1)),
        "excluded": seq(tlv(0xA1, seq(tlv(0x82, b"example")))),
        "with more": seq(tlv(0xA0, seq(tlv(0x82, b"example"))), integer(1)),
        "with more behind": tree(0x82, b"example") + integer(1),
        "with a minimum": seq(tlv(0xA0, seq(tlv(0x82, b"example"), tlv(0x80, b"\0")))),
    }
    return {f"name limits {label}": having(extension(LIMITS, value, TRUE)) for label, value in found.items()}


URIS: list[str] = """
https://a.example/b ftp://a urn:a:b mailto:a@b a/b /a //a/b a:b :a 1a:b a%zz /a%zz /a%41 http://a%41/ http://a%e4/ http://a%25/
http://[::1]/ http://[::1 http://a[b]/ http://[10.0.0.1]/ http://[fe80::1%25en0]/ http://a:80/ http://a:x/ http://a:/ http://a:1:2/
x://a:1:2/ http://u@a/ http://u:p@a/ http://u%zz@a/ http://u[@a/ http://a./ http://.a/ http://a..b/ http://a_b/ http://a{b/ http://a"b/
http://a<b/ http://a\\b/ http://a^b/ http://a`b/ http://a|b/ http:a http:/// http:/a ///a * #a #%zz ?%zz http://a?b#c http://a#b%2
x-y+z.1:a http://*.a/ spiffe://a/b
""".split()  # noqa: SIM905  # fifty of them read better so


def alternative_names() -> dict[str, Change]:
    """Subject alternative names; URIs above all."""
    found = {f"URI {uri}": tlv(0x86, uri.encode()) for uri in URIS}
    found |= {"URI with a space": tlv(0x86, b"http://a b/"), "URI with a space in its path": tlv(0x86, b"http://a/b c")}
    found |= {"URI with a line": tlv(0x86, b"http://a\n/"), "URI high": tlv(0x86, b"http://\xe4/"), "URI empty": tlv(0x86)}
    found |= {"DNS": tlv(0x82, b"a.example"), "DNS high": tlv(0x82, b"\xe4"), "DNS odd": tlv(0x82, b" a..b. ")}
    found |= {"mail": tlv(0x81, b"a@b"), "mail high": tlv(0x81, b"\xe4@b"), "mail odd": tlv(0x81, b"x")}
    found |= {"IP": tlv(0x87, b"\x7f\0\0\1"), "IPv6": tlv(0x87, bytes(16)), "IP of 5": tlv(0x87, bytes(5)), "IP empty": tlv(0x87)}
    found |= {"registered": tlv(0x88, b"\x2a\x03"), "directory": tlv(0xA4, usual_name()), "constructed": tlv(0xA2, octets(b"a"))}
    return {f"alternative {label}": having(extension(NAMES, seq(value))) for label, value in found.items()}


def encodings() -> dict[str, Change]:
    """Lengths, tags and shapes that are not DER."""
    return {
        "BER serial": lambda p: p.but(serial=long_form(p.serial)),
        "BER subject": lambda p: p.but(subject=long_form(p.subject)),
        "BER key": lambda p: p.but(key_info=long_form(p.key_info)),
        "BER validity": lambda p: p.but(validity=long_form(p.validity)),
        "BER extension": lambda p: p.having(long_form(extension("1.2.3.4", integer(1)))),
        "BER value": lambda p: p.having(extension(SUBJECT_KEY, long_form(octets(b"1")))),
        "BER extensions": lambda p: p.but(raw_extensions=long_form(tlv(0xA3, seq(*p.extensions)))),
        "indefinite subject": lambda p: p.but(subject=b"\x30\x80" + p.subject[2:] + b"\0\0"),
        "set for a sequence": lambda p: p.but(validity=set_of(p.validity[2:])),
        "subject missing": lambda p: p.but(subject=b""),
        "key missing": lambda p: p.but(key_info=b"", more={"key": None} if CA_USAGE in p.extensions else {}),
        "algorithm with a wrong OID": lambda p: p.but(algorithm=seq(tlv(6, b"\x80\x01"))),
        "algorithm with an empty OID": lambda p: p.but(algorithm=seq(tlv(6))),
        "high tag": lambda p: p.having(extension(AUTHORITY_KEY, seq(b"\x9f\x21\x01\x00"))),
        "high tag in a policy": lambda p: p.having(extension(POLICIES, seq(seq(oid("1.2.3"), b"\x9f\x21\x01\x00")))),
        "algorithm with a high tag": lambda p: p.but(algorithm=algorithm("1.2.840.10045.4.3.2", b"\x9f\x21\x01\x00")),
    }
