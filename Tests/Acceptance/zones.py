"""Zones of a sender for a real name server, signed by knotd or by dnspython, and mail that is signed for them."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass

import dkim
import dns.dnssec
import dns.dnssectypes
import dns.name
import dns.rdatatype
import dns.zone
import nacl.signing
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

POLICY = "v=DMARC1; p=reject; rua=mailto:d@{zone}"
SPF = "v=spf1 ip4:192.0.2.0/24 -all"
# Zone signing and secure entry point at once (RFC 4034 §2.1.1).
KEY_FLAGS = 257
TTL = 300


class Sender:
    """Who signs mail with one key, which every zone publishes."""

    def __init__(self) -> None:
        self._key = nacl.signing.SigningKey.generate()

    def zone(self, name: str) -> str:
        """The zone as text: SPF, DMARC and the key; `only.<name>` has an address and no TXT record."""
        public = base64.b64encode(bytes(self._key.verify_key)).decode()
        return (f"$ORIGIN {name}.\n$TTL {TTL}\n@ SOA ns hostmaster 1 3600 600 86400 {TTL}\n@ NS ns\nns A 127.0.0.1\n"
                f'@ TXT "{SPF}"\n_dmarc TXT "{POLICY.format(zone=name)}"\n'
                f's1._domainkey TXT "v=DKIM1; k=ed25519; p={public}"\nonly A 192.0.2.1\n')

    def mail(self, zone: str) -> bytes:
        """A message whose author and signature are of the zone."""
        text = f"From: Billing <billing@{zone}>\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n".encode()
        signature = dkim.sign(
            text, b"s1", zone.encode(), base64.b64encode(bytes(self._key)), signature_algorithm=b"ed25519-sha256",
            canonicalize=(b"relaxed", b"relaxed"), include_headers=[b"from", b"subject"])
        return bytes(signature) + text


@dataclass(frozen=True)
class Signed:
    """A signed zone, and its key to start from."""

    text: str
    anchor: str


def signed(name: str, text: str, *, began: int, ends: int) -> Signed:
    """The zone signed by dnspython, valid from so many seconds from now until so many."""
    origin = dns.name.from_text(name)
    zone = dns.zone.from_text(text, origin, relativize=False)
    private = Ed25519PrivateKey.generate()
    key = dns.dnssec.make_dnskey(private.public_key(), dns.dnssectypes.Algorithm.ED25519, flags=KEY_FLAGS)
    now = int(time.time())
    with zone.writer() as transaction:
        dns.dnssec.sign_zone(zone, transaction, keys=[(private, key)], add_dnskey=True, dnskey_ttl=TTL,
                             inception=now + began, expiration=now + ends)
    return Signed(zone.to_text(relativize=False), f"{origin} {TTL} IN DNSKEY {key.to_text()}\n")
