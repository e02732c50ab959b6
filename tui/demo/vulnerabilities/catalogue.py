"""The vulnerabilities of the demo's world, by the kind of layer that brings the package.

Numbers from 90000 on are made up (none so high was ever given out); the others are old acquaintances that nobody mends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

__all__ = ["Flaw", "Package", "packages"]


# kind package ecosystem version-before-all-fixes [@repositories], then one line for each vulnerability: id, severity (of the
# distribution, and after a slash of NVD where it differs), CVSS, age of the fix in days, version with the fix, title.
_OS = """
debian openssl deb 3.0.14-1~deb12u2
  CVE-2026-90012 high 7.5 250 3.0.15-1~deb12u1 out-of-bounds read in X.509 name checks
  CVE-2026-90077 medium 5.9 160 3.0.16-1~deb12u1 timing side channel in ECDSA signatures
  CVE-2026-90118 high 7.4 95 3.0.17-1~deb12u1 use after free in TLS session tickets
  CVE-2026-90210 critical 9.8 33 3.0.17-1~deb12u3 stack overflow when a peer sends a long certificate chain
  CVE-2026-90388 low 4.3 - - excessive memory for large PKCS#12 files
debian libc6 deb 2.36-9+deb12u8
  CVE-2026-90015 high 7.8 205 2.36-9+deb12u10 buffer overflow in the iconv conversion of ISO-2022
  CVE-2026-90131 medium 6.2 70 2.36-9+deb12u13 wrong result of getaddrinfo under memory pressure
  CVE-2010-4756 low 4.0 - - glob implementation can consume much CPU
  CVE-2018-20796 low 7.5 - - uncontrolled recursion in regex matching
  CVE-2019-1010022 low 9.8 - - stack guard protection bypass
  CVE-2019-9192 low 7.5 - - uncontrolled recursion in posix regex
debian zlib1g deb 1:1.2.13.dfsg-1
  CVE-2026-90144 medium 6.5 120 1:1.2.13.dfsg-1+deb12u1 heap overread in inflateBack
debian libxml2 deb 2.9.14+dfsg-1.3~deb12u1
  CVE-2026-90023 high 7.5 190 2.9.14+dfsg-1.3~deb12u2 use after free in xmlSchemaIDCFillNodeTables
  CVE-2026-90155 high 8.1 88 2.9.14+dfsg-1.3~deb12u4 type confusion in XSLT keys
  CVE-2026-90290 medium 5.5 31 2.9.14+dfsg-1.3~deb12u5 stack overflow in xmlBuildQName
debian libexpat1 deb 2.5.0-1+deb12u1
  CVE-2026-90031 high 7.5 145 2.5.0-1+deb12u2 improper restriction of entity expansion depth
debian libkrb5-3 deb 1.20.1-2+deb12u2
  CVE-2026-90160 medium 6.5 102 1.20.1-2+deb12u4 invalid free in GSS message tokens
  CVE-2018-5709 low 7.5 - - integer overflow in dbentry->n_key_data
  CVE-2024-26458 low 5.3 - - memory leak in pmap_rmt.c
  CVE-2024-26461 low 5.9 - - memory leak in k5sealv3.c
debian libsystemd0 deb 252.31-1~deb12u1
  CVE-2013-4392 low 3.3 - - TOCTOU race when updating file permissions
  CVE-2023-31437 low 5.3 - - hidden log entries by a modified journal
  CVE-2026-90261 medium 4.7 44 252.39-1~deb12u1 race in coredump handling gives a core of a privileged process
debian perl-base deb 5.36.0-7+deb12u1
  CVE-2026-90172 high/critical 8.1 110 5.36.0-7+deb12u3 heap overflow when transliterating non-ASCII bytes
  CVE-2011-4116 low 7.5 - - File::Temp insecure temporary file handling
  CVE-2023-31486 low 8.1 - - HTTP::Tiny does not verify TLS by default
debian tar deb 1.34+dfsg-1.2
  CVE-2005-2541 low 10.0 - - does not warn about setuid when extracting
debian login deb 1:4.13+dfsg1-1
  CVE-2007-5686 low 4.9 - - initscripts leave btmp readable
  CVE-2026-90299 low 4.7 - - password of a new user visible for a moment
debian util-linux deb 2.38.1-5+deb12u1
  CVE-2022-0563 low 5.5 - - partial disclosure of arbitrary files in chfn and chsh
debian coreutils deb 9.1-1
  CVE-2016-2781 low 6.5 - - non-privileged session can escape to the parent session in chroot
  CVE-2017-18018 low 4.7 - - race condition in chown and chgrp
debian apt deb 2.6.1
  CVE-2011-3374 low 3.7 - - apt-key does not validate keys correctly
debian gpgv deb 2.2.40-1.1
  CVE-2022-3219 low 3.3 - - denial of service by compressed packets
debian libgcrypt20 deb 1.10.1-3
  CVE-2018-6829 low 7.5 - - ElGamal implementation has no semantic security
  CVE-2024-2236 low 5.9 - - timing based side channel in RSA decryption
debian libgcc-s1 deb 12.2.0-14
  CVE-2022-27943 low 5.5 - - stack exhaustion in demangle_const
debian libtinfo6 deb 6.4-4
  CVE-2023-50495 low 6.5 - - segmentation fault in _nc_wrap_entry
debian bash deb 5.2.15-2+b7
  CVE-2026-90305 low 3.3 - - wrong quoting of very long file names in completion
ubuntu libssl3t64 deb 3.0.13-0ubuntu3.4
  CVE-2026-90210 critical 9.8 34 3.0.13-0ubuntu3.7 stack overflow when a peer sends a long certificate chain
  CVE-2026-90118 medium/high 7.4 90 3.0.13-0ubuntu3.6 use after free in TLS session tickets
ubuntu libgnutls30t64 deb 3.8.3-1.1ubuntu3.2
  CVE-2026-90181 medium 6.5 60 3.8.3-1.1ubuntu3.4 double free when exporting otherName
ubuntu libpam-modules deb 1.5.3-5ubuntu5.1
  CVE-2026-90190 medium/high 7.8 150 1.5.3-5ubuntu5.4 linux-pam privilege escalation through pam_namespace
ubuntu coreutils deb 9.4-3ubuntu6
  CVE-2016-2781 low 6.5 - - non-privileged session can escape to the parent session in chroot
alpine libssl3 apk 3.3.3-r0
  CVE-2026-90118 high 7.4 93 3.5.3-r0 use after free in TLS session tickets
  CVE-2026-90210 critical 9.8 32 3.5.4-r1 stack overflow when a peer sends a long certificate chain
alpine busybox apk 1.37.0-r12
  CVE-2026-90193 medium 6.5 140 1.37.0-r18 stack overflow in awk
  CVE-2026-90316 low 3.2 - - tar hides file names with escape sequences
alpine musl apk 1.2.5-r9
  CVE-2026-90039 high 8.1 230 1.2.5-r10 out-of-bounds write in iconv of EUC-KR
azurelinux openssl-libs rpm 3.3.2-1.azl3
  CVE-2026-90118 high 7.4 92 3.3.3-2.azl3 use after free in TLS session tickets
  CVE-2026-90210 critical 9.8 35 3.3.5-1.azl3 stack overflow when a peer sends a long certificate chain
azurelinux glibc rpm 2.38-10.azl3
  CVE-2026-90131 medium 6.2 77 2.38-12.azl3 wrong result of getaddrinfo under memory pressure
azurelinux krb5 rpm 1.21.3-2.azl3
  CVE-2026-90160 medium 6.5 99 1.21.3-3.azl3 invalid free in GSS message tokens
azurelinux freetype rpm 2.13.2-1.azl3
  CVE-2026-90202 high/critical 8.1 130 2.13.3-1.azl3 out-of-bounds write when parsing variable fonts
azurelinux curl rpm 8.11.1-2.azl3
  CVE-2026-90334 low 4.3 - - predictable mask of WebSocket frames
golden openssl-libs rpm 1:3.2.2-6.el9_5
  CVE-2026-90118 medium/high 7.4 88 1:3.2.2-16.el9_6 use after free in TLS session tickets
  CVE-2026-90210 critical 9.8 30 1:3.2.2-16.el9_6.2 stack overflow when a peer sends a long certificate chain
golden libarchive rpm 3.5.3-4.el9
  CVE-2026-90205 high 7.8 80 3.5.3-6.el9_6 double free in archive_read_format_rar_seek_data
golden glib2 rpm 2.68.4-14.el9
  CVE-2026-90340 medium 6.5 - - integer overflow in g_date_time_new_from_iso8601
golden sqlite-libs rpm 3.34.1-7.el9
  CVE-2026-90344 low 7.5 - - integer truncation in aggregate queries
distroless tzdata deb 2025b-0+deb12u1
  CVE-2026-90351 low 3.3 - - wrong offset of a zone before 1900
"""

_RUNTIMES = """
dotnet-deps libicu72 deb 72.1-3
  CVE-2026-90139 medium/high 7.0 84 72.1-3+deb12u1 stack overflow in genrb
aspnet Microsoft.AspNetCore.App.Runtime.linux-x64 nuget 10.0.0
  CVE-2026-90050 high 7.5 235 10.0.2 denial of service in HTTP/2 stream resets
  CVE-2026-90222 critical 9.9 36 10.0.7 HTTP request smuggling in Kestrel
aspnet Microsoft.NETCore.App.Runtime.linux-x64 nuget 10.0.0
  CVE-2026-90051 medium 5.5 139 10.0.6 information disclosure in System.Net.Mail
java msopenjdk-21 rpm 21.0.6-1
  CVE-2026-90060 high 7.4 142 21.0.7-1 improper access in JSSE handshakes
  CVE-2026-90230 medium/high 7.5 33 21.0.9-1 unauthorised update through the JAXP component
python python3.12 generic 3.12.6
  CVE-2026-90066 high 7.5 220 3.12.8 tarfile extraction filter bypass
  CVE-2026-90234 critical/critical 9.4 128 3.12.10 arbitrary file write outside the extraction directory
  CVE-2026-90236 medium 4.5 28 3.12.11 quadratic complexity in html.parser
python pip python-pkg 24.2
  CVE-2026-90238 medium 5.9 27.5 25.3 fallback extraction follows links out of the directory
python setuptools python-pkg 70.0.0
  CVE-2026-90069 high 7.7 180 78.1.1 path traversal in PackageIndex.download
node node generic 22.9.0
  CVE-2026-90071 high 7.7 210 22.14.0 worker permission bypass through internals
  CVE-2026-90240 medium 6.5 119 22.17.0 HTTP request smuggling by a malformed chunk
  CVE-2026-90242 high 7.5 22 22.20.0 crash of the server by a bad IV
node npm node-pkg 10.8.3
  CVE-2026-90244 medium 6.5 117 10.9.3 arguments of scripts leak into logs
node cross-spawn node-pkg 7.0.3
  CVE-2026-90073 high 7.5 205 7.0.5 regular expression denial of service
node undici node-pkg 6.19.8
  CVE-2026-90246 low 3.1 20.5 6.21.3 memory leak with bad certificates of webhooks
nginx nginx apk 1.26.3-r0
  CVE-2026-90075 medium 5.3 121 1.27.2-r0 buffer overread in ngx_http_mp4_module
  CVE-2026-90250 high 7.5 26 1.27.3-r0 TLS session resumption skips client certificates
hardened contoso-trust-bundle generic 2025.1
  CVE-2026-90355 low 2.0 - - a distrusted root stays for S/MIME
"""

_APPS = """
app-python requests python-pkg 2.32.3
  CVE-2026-90401 medium 5.3 55 2.32.4 .netrc credentials leak to another host
app-python urllib3 python-pkg 2.2.3
  CVE-2026-90403 medium 6.1 50 2.5.0 redirects are followed although they are switched off
app-python jinja2 python-pkg 3.1.4
  CVE-2026-90080 high/critical 8.8 170 3.1.5 sandbox breakout through an indirect reference to format
  CVE-2026-90405 high/critical 7.3 62 3.1.6 sandbox breakout through the attr filter
app-python cryptography python-pkg 43.0.0
  CVE-2026-90407 low 3.7 41 45.0.4 bundled OpenSSL accepts an odd certificate extension
app-python certifi python-pkg 2024.7.4
  CVE-2026-90409 low 2.6 160 2024.12.14 root of a distrusted authority
app-python mlflow python-pkg 2.19.0 @ml/serving
  CVE-2026-90481 critical 9.8 - - remote code execution by a crafted model
  CVE-2026-90483 high 8.1 29 2.22.4 path traversal in artifact uploads
app-python pillow python-pkg 10.4.0 @catalog/thumbs,catalog/importer
  CVE-2026-90485 high 7.8 48 11.3.0 heap overflow when writing DDS files
app-python tornado python-pkg 6.4.1 @ml/features
  CVE-2026-90487 medium/high 7.5 49 6.5.1 denial of service through multipart form data
app-node express node-pkg 4.19.2
  CVE-2026-90083 medium 5.0 150 4.20.0 cross-site scripting by a redirect
app-node path-to-regexp node-pkg 0.1.10
  CVE-2026-90085 high 7.5 140 0.1.12 backtracking regular expressions
app-node axios node-pkg 1.7.9
  CVE-2026-90411 high 7.5 58 1.8.2 requests to an absolute URL leak credentials
  CVE-2026-90413 medium/high 7.5 19 1.12.0 no limit for data: URLs
app-node brace-expansion node-pkg 2.0.1
  CVE-2026-90415 low 3.1 67 2.0.2 regular expression denial of service
app-node form-data node-pkg 4.0.1
  CVE-2026-90417 critical 9.4 53 4.0.4 boundaries are predictable
app-node multer node-pkg 1.4.5 @catalog/media
  CVE-2026-90489 high 7.5 - - crash of the server by a malformed upload
app-node jsonwebtoken node-pkg 8.5.1 @identity/directory,identity/login
  CVE-2026-90491 medium/high 7.6 400 9.0.0 unrestricted key type allows legacy keys
app-dotnet Newtonsoft.Json nuget 12.0.3 @payments/worker
  CVE-2024-21907 high 7.5 900 13.0.1 improper handling of exceptional conditions
app-dotnet System.Text.Json nuget 10.0.1
  CVE-2026-90435 high 7.5 180 10.0.2 denial of service when deserialising
app-dotnet Azure.Identity nuget 1.11.3
  CVE-2024-35255 medium 5.5 160 1.11.4 elevation of privilege
app-dotnet Npgsql nuget 8.0.2 @payments/settlement,loyalty/points
  CVE-2024-32655 high 8.1 60 8.0.3 SQL injection by protocol message size overflow
app-java org.springframework:spring-web jar 6.1.12
  CVE-2026-90421 medium 5.9 72 6.2.8 reflected file download
  CVE-2026-90423 high 7.5 25 6.2.11 path traversal in functional routes
app-java ch.qos.logback:logback-core jar 1.5.11
  CVE-2026-90425 medium 5.9 135 1.5.13 expression injection by a configuration file
app-java org.apache.tomcat.embed:tomcat-embed-core jar 10.1.30
  CVE-2026-90087 critical 9.8 230 10.1.35 remote code execution by a partial PUT
  CVE-2026-90427 high 7.5 57 10.1.42 denial of service in multipart uploads
  CVE-2026-90429 medium/high 7.5 21 10.1.46 rewrite valve bypass
app-java com.fasterxml.jackson.core:jackson-core jar 2.14.2
  CVE-2026-90431 high 7.5 140 2.15.0 stack overflow by deep nesting
app-java org.apache.commons:commons-lang3 jar 3.14.0
  CVE-2026-90433 low/medium 5.3 43 3.18.0 uncontrolled recursion on long inputs
app-java org.yaml:snakeyaml jar 1.33 @fulfilment/orders
  CVE-2022-1471 high/critical 9.8 800 2.0 constructor allows deserialisation of any type
app-java log4j:log4j jar 1.2.17 @erp/server,erp/reports
  CVE-2019-17571 critical 9.8 - - deserialisation of untrusted data in SocketServer
  CVE-2022-23305 critical 9.8 - - SQL injection in the JDBC appender
  CVE-2021-4104 high 7.5 - - deserialisation of untrusted data in the JMS appender
app-go stdlib gobinary v1.22.5
  CVE-2026-90090 critical/high 8.2 165 v1.22.12 Parse functions of go/parser panic on deep nesting
  CVE-2026-90441 high 7.5 65 v1.24.6 request smuggling by bare LF in chunked data
  CVE-2026-90443 medium 5.3 34 v1.24.8 cookie parsing consumes too much memory
app-go golang.org/x/crypto gobinary v0.26.0
  CVE-2026-90092 critical 9.1 170 v0.31.0 misuse of ServerConfig.PublicKeyCallback bypasses authorisation
  CVE-2026-90445 high 7.5 94 v0.35.0 denial of service in the SSH key exchange
app-go golang.org/x/net gobinary v0.28.0
  CVE-2026-90447 medium 4.4 77 v0.38.0 cross-site scripting in html
app-go github.com/golang-jwt/jwt/v4 gobinary v4.5.0 @identity/tokens
  CVE-2026-90493 high 7.5 91 v4.5.2 excessive memory when parsing headers
"""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One vulnerability; `fixed` is empty and `age` 0 where there is no fix, `age` counts days from the fix."""

    id: str
    severity: str
    nvd: str
    score: float
    age: float
    fixed: str
    title: str


@dataclass(frozen=True, slots=True)
class Package:
    """A package that comes with a kind of layer, in these repositories only if any are named; flaws by the age of their fix."""

    kind: str
    name: str
    ecosystem: str
    version: str
    repositories: tuple[str, ...]
    flaws: tuple[Flaw, ...]


@cache
def packages() -> dict[str, tuple[Package, ...]]:
    """All packages by the kind of layer."""
    by_kind: dict[str, tuple[Package, ...]] = {}
    for package in _read(_OS + _RUNTIMES + _APPS):
        by_kind[package.kind] = (*by_kind.get(package.kind, ()), package)
    return by_kind


def _read(text: str) -> Iterator[Package]:
    head, flaws = "", list[Flaw]()
    for line in (*text.splitlines(), ""):
        if line.startswith("  "):
            flaws.append(_flaw(line))
        elif line != "" or flaws:
            if head and flaws:
                yield _package(head, flaws)
            head, flaws = line, []


def _package(head: str, flaws: list[Flaw]) -> Package:
    kind, name, ecosystem, version, *only = head.split()
    repositories = tuple(only[0].lstrip("@").split(",")) if only else ()
    return Package(kind, name, ecosystem, version, repositories, tuple(sorted(flaws, key=lambda flaw: -flaw.age)))


def _flaw(line: str) -> Flaw:
    identity, severity, score, age, fixed, title = line.split(maxsplit=5)
    distribution, _, nvd = severity.partition("/")
    is_dated = age != "-"
    return Flaw(
        identity,
        distribution,
        nvd or distribution,
        float(score),
        float(age) if is_dated else 0.0,
        fixed if is_dated else "",
        title,
    )
