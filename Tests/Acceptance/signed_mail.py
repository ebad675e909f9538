"""Random messages with random DKIM signatures: some that dkimpy makes, some written in ways that it would not."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from dataclasses import dataclass, field

import dkim
import dkim.crypto
import nacl.encoding
import nacl.signing
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

import dkimpy_habits

EXPONENT = 65_537
SMALL_PRIMES = [number for number in range(3, 2_000) if all(number % each for each in range(2, int(number**0.5) + 1))]
DOMAIN = b"example.com"
BASE_64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
NAMES = (b"Subject", b"To", b"Cc", b"Date", b"Message-ID", b"X-Foo", b"received", b"RECEIVED", b"Reply-To",
         b"MIME-Version", b"Content-Type", b"List-Unsubscribe", b"x_y!z", b"x-foo")
FORMS = (b"simple/simple", b"simple/relaxed", b"relaxed/simple", b"relaxed/relaxed", b"relaxed", b"simple")
#: Seconds from the moment of the check; far from every limit of both sides.
PAST = (-1_000_000, -90_000, -3_000, -10)
AHEAD = (60, 3_600, 30_000, 90_000)


@dataclass(frozen=True)
class Key:
    """A private key and its record."""

    algorithm: bytes
    selector: bytes
    private: bytes
    record: str

    def sign(self, data: bytes) -> bytes:
        """The signature over the hash of `data`, made by the libraries that dkimpy signs with."""
        if self.algorithm == b"ed25519-sha256":
            signer = nacl.signing.SigningKey(self.private, encoder=nacl.encoding.Base64Encoder)
            return bytes(signer.sign(hashlib.sha256(data).digest()).signature)
        return bytes(dkim.crypto.RSASSA_PKCS1_v1_5_sign(
            hashlib.sha256(data), dkim.crypto.parse_pem_private_key(self.private)))


def prime(rng: random.Random, bits: int) -> int:
    """A probable prime with its two highest bits set, so that the product of two has twice the length."""
    while True:
        number = rng.getrandbits(bits) | 3 << (bits - 2) | 1
        if all(number % small for small in SMALL_PRIMES) and (number - 1) % EXPONENT and pow(
                2, number - 1, number) == 1:
            return number


def rsa_key(rng: random.Random, bits: int, selector: bytes, form: serialization.PublicFormat) -> Key:
    """An RSA key that the seed alone decides."""
    p, q = prime(rng, bits // 2), prime(rng, bits // 2)
    d = pow(EXPONENT, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(EXPONENT, p * q))
    private = numbers.private_key()
    der = private.public_key().public_bytes(serialization.Encoding.DER, form)
    prefix = "v=DKIM1; k=rsa; " if form == serialization.PublicFormat.SubjectPublicKeyInfo else ""
    return Key(b"rsa-sha256", selector, private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()),
        f"{prefix}p={base64.b64encode(der).decode()}")


def ed25519_key(rng: random.Random, selector: bytes) -> Key:
    signer = nacl.signing.SigningKey(rng.randbytes(32))
    public = base64.b64encode(bytes(signer.verify_key)).decode()
    return Key(b"ed25519-sha256", selector, base64.b64encode(bytes(signer)), f"v=DKIM1; k=ed25519; p={public}")


@dataclass
class Mail:
    """A message, and what was done to make it."""

    message: bytes
    damage: str
    signers: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"damage {self.damage}, signed by {', '.join(self.signers)}\n{self.message!r}"


class Mails:
    """Makes them. `records` are the keys, by the name where each stands."""

    def __init__(self, rng: random.Random, as_of: int) -> None:
        self._rng = rng
        self.as_of = as_of
        info, pkcs1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
        self._keys = [rsa_key(rng, 2_048, b"r2", info), rsa_key(rng, 1_024, b"r1", info),
                      rsa_key(rng, 2_048, b"bare", pkcs1), ed25519_key(rng, b"e"), ed25519_key(rng, b"e2")]
        self._lost = [ed25519_key(rng, b"revoked"), ed25519_key(rng, b"nowhere")]
        self.records = {f"{key.selector.decode()}._domainkey.{DOMAIN.decode()}": key.record for key in self._keys}
        self.records[f"revoked._domainkey.{DOMAIN.decode()}"] = "v=DKIM1; k=ed25519; p="

    def key_at(self, name: bytes, timeout: int = 5) -> bytes | None:
        """The record at a name, as dkimpy asks for it."""
        record = self.records.get(name.decode("latin-1").rstrip(".").lower())
        return record.encode() if record is not None else None

    def mail(self) -> Mail:
        rng = self._rng
        fields, body = self._fields(), self._body()
        mail = Mail(b"", "none")
        for _ in range(1 if rng.random() < 0.75 else rng.randint(2, 3)):
            whole = b"".join(fields) + b"\r\n" + body
            by_dkimpy = rng.random() < 0.6
            fields.insert(0, (self._sign_by_dkimpy if by_dkimpy else self._write)(whole, fields, body))
            mail.signers.append("dkimpy" if by_dkimpy else "hand")
        if rng.random() < 0.3:
            fields.insert(rng.randint(0, len(fields)), b"Received: by x\r\n")
        mail.message = b"".join(fields) + b"\r\n" + body
        if rng.random() < 0.5:
            mail.damage = rng.choice(tuple(DAMAGES))
            mail.message = DAMAGES[mail.damage](rng, mail.message)
        return mail

    # -- what is signed

    def _words(self, count: int) -> bytes:
        rng, words = self._rng, b""
        for number in range(count):
            if number:
                words += rng.choice((b" ", b"\t", b"  ", b"\r\n ", b"\r\n\t", b" \r\n  ", b"\t \r\n \t"))
            words += rng.choice((b"hello", b"a", b"=?utf-8?q?x?=", b"x@y.example", b"<z@example.com>", b"(c)", b"b=",
                                 b'"q q"', b";", b"w" * rng.randint(1, 60), "é中".encode()))
        return words

    def _fields(self) -> list[bytes]:
        rng = self._rng
        fields = [b"From:" + rng.choice((b" ", b"", b"\t", b"\r\n ")) + b"Joe <joe@example.com>"
                  + rng.choice((b"", b" ", b"\t ")) + b"\r\n"]
        for _ in range(rng.randint(0, 9)):
            value = rng.choice((b"", b" ", b"\r\n ", b"\t", b"  ")) + self._words(rng.randint(0, 6))
            fields.append(rng.choice(NAMES) + b":" + value + rng.choice((b"", b"", b" ", b" \t", b"\r\n ")) + b"\r\n")
        rng.shuffle(fields)
        return fields

    def _body(self) -> bytes:
        rng = self._rng
        kind = rng.random()
        if kind < 0.1:
            return rng.choice((b"", b"\r\n", b"\r\n\r\n", b" ", b" \r\n", b"\t\r\n \r\n", b"a", b"a ", b"a\r\n",
                               b"a\r\n\r\n", b"a\r\n ", b"\r\na", b" a\r\n"))
        parts = [b"line", b" ", b"\t", b"  ", b"\r\n", b"\r\n", b"\r\n\r\n", b" \r\n", b".", "é".encode(),
                 b"x" * rng.randint(1, 90)]
        if kind < 0.2:
            parts += [b"\r", b"\r\r\n"]
        elif kind < 0.23:
            parts += [b"\n"]
        return b"".join(rng.choice(parts) for _ in range(rng.randint(1, 60)))

    def _signed_names(self, fields: list[bytes]) -> list[bytes]:
        """From, and others: each field's name, some more than once, some of fields that are not there."""
        rng = self._rng
        present = [each.split(b":", 1)[0] for each in fields]
        names = [rng.choice((*present, b"x-none", b"Sender", b"from", b"To")) for _ in range(rng.randint(0, 8))]
        if rng.random() < 0.3:
            names += [b"From", rng.choice(present)]
        names = [name for name in names if name.lower() != b"dkim-signature" or rng.random() < 0.5]
        if rng.random() < 0.05:
            names.append(b"DKIM-Signature")
        if rng.random() < 0.98:
            names.insert(rng.randint(0, len(names)), b"From")
        return [name.lower() if rng.random() < 0.5 else name for name in names] or [b"To"]

    def _tags(self, key: Key, body: bytes, names: bytes) -> list[tuple[bytes, bytes]]:
        """All tags but b=."""
        rng = self._rng
        form = rng.choice((*FORMS, None))
        canonical = canonical_body(body, form)
        tags = [(b"v", b"1"), (b"a", key.algorithm), (b"d", rng.choice((DOMAIN, DOMAIN, b"Example.COM"))),
                (b"s", key.selector), (b"h", names)]
        if form:
            tags.append((b"c", form))
        if rng.random() < 0.1:
            size = rng.randint(0, len(canonical)) if rng.random() < 0.8 else len(canonical) + rng.randint(1, 9)
            tags.append((b"l", b"%d" % size))
            canonical = canonical[:size]
        if rng.random() < 0.5:
            tags.append((b"i", rng.choice((b"@example.com", b"joe@example.com", b"x@sub.example.com",
                                           b"@Sub.Example.com", b"joe@other.example"))))
        tags += self._times()
        for tag, chance in (((b"q", b"dns/txt"), 0.3), ((b"z", b"From:joe=20x|To:y"), 0.2),
                            ((b"abc", b"unknown b=1"), 0.1)):
            if rng.random() < chance:
                tags.append(tag)
        return [*tags, (b"bh", base64.b64encode(hashlib.sha256(canonical).digest()))]

    def _times(self) -> list[tuple[bytes, bytes]]:
        rng, now = self._rng, self.as_of
        tags = []
        if rng.random() < 0.5:
            signed = now + rng.choice((*PAST, *PAST, *AHEAD[:3]) if rng.random() < 0.3 else PAST)
            tags.append((b"t", b"%d" % signed))
            if rng.random() < 0.3:
                tags.append((b"x", b"%d" % (signed + rng.choice((2_000, 80_000, 10**7)))))
        elif rng.random() < 0.2:
            tags.append((b"x", b"%d" % (now + rng.choice((*PAST, *AHEAD)))))
        return tags

    def _key(self) -> Key:
        return self._rng.choice(self._lost if self._rng.random() < 0.04 else self._keys)

    # -- the signers

    def _sign_by_dkimpy(self, whole: bytes, fields: list[bytes], body: bytes) -> bytes:
        rng, key = self._rng, self._key()
        signer = dkim.DKIM(whole, signature_algorithm=key.algorithm)
        forms = (rng.choice((b"simple", b"relaxed")), rng.choice((b"simple", b"relaxed")))
        if rng.random() < 0.4:
            return bytes(signer.sign(key.selector, DOMAIN, key.private, canonicalize=forms,
                                     length=rng.random() < 0.1))
        names = [name.lower() for name in self._signed_names(fields)]
        tags = self._tags(key, signer.body, b" : ".join(names))
        policy = dkim.CanonicalizationPolicy.from_c_value(dict(tags).get(b"c", b"simple/simple"))
        signer.hasher = hashlib.sha256
        private = (nacl.signing.SigningKey(key.private, encoder=nacl.encoding.Base64Encoder)
                   if key.algorithm == b"ed25519-sha256" else dkim.crypto.parse_pem_private_key(key.private))
        # As dkimpy itself does it: b= last, and as long as it takes to get a line of its own.
        return b"DKIM-Signature: " + bytes(signer.gen_header(
            [*tags, (b"b", b"0" * 60)], names, policy, b"DKIM-Signature", private))

    def _space(self) -> bytes:
        return self._rng.choice((b"", b"", b"", b" ", b"\r\n ", b"\t"))

    def _sprinkled(self, text: bytes) -> bytes:
        """Base 64 with white space in it."""
        rng = self._rng
        if rng.random() < 0.4:
            return text
        pieces, at = [], 0
        while at < len(text):
            end = at + rng.randint(10, 72)
            pieces.append(text[at:end] + (rng.choice((b"\r\n ", b" ", b"\r\n\t\t", b"")) if end < len(text) else b""))
            at = end
        return b"".join(pieces)

    def _write(self, _: bytes, fields: list[bytes], body: bytes) -> bytes:
        """A signature with its tags in any order and white space wherever it may stand."""
        rng, key = self._rng, self._key()
        names = self._signed_names(fields)
        written = b"".join((self._space() + b":" + self._space() if place else b"") + name
                           for place, name in enumerate(names))
        tags = [(name, self._sprinkled(value) if name == b"bh" else value)
                for name, value in self._tags(key, body, written)]
        rng.shuffle(tags)
        place = len(tags) if rng.random() < 0.7 else rng.randint(0, len(tags))
        before, after = ([self._space() + name + self._space() + b"=" + self._space() + value + self._space()
                          for name, value in part] for part in (tags[:place], tags[place:]))
        start = rng.choice((b"DKIM-Signature", b"dkim-signature", b"DKIM-SIGNATURE")) + b":" + b";".join(
            [*before, self._space() + b" b" + self._space() + b"="])
        end = b"".join(b";" + tag for tag in after) + rng.choice((b"", b"", b";")) + b"\r\n"
        form = (dict(tags).get(b"c") or b"simple").split(b"/")[0]
        value = base64.b64encode(key.sign(signed_bytes(fields, names, start + end, form)))
        return start + self._space() + self._sprinkled(value) + self._space() + end


def canonical_body(body: bytes, form: bytes | None) -> bytes:
    """RFC 6376 §3.4.3, §3.4.4."""
    if (form or b"simple").partition(b"/")[2] == b"relaxed":
        return dkimpy_habits.relaxed_body(body)
    return re.sub(rb"(?:\r\n)*\Z", b"", body) + b"\r\n"


def signed_bytes(fields: list[bytes], names: list[bytes], own: bytes, form: bytes) -> bytes:
    """What is signed (RFC 6376 §3.7): the fields that `names` mean from the bottom up, then the signature's own."""

    def canonical(each: bytes) -> bytes:
        if form == b"simple":
            return each
        name, value = each.split(b":", 1)
        return name.lower() + b":" + re.sub(rb"[ \t]+", b" ", value.replace(b"\r\n", b"")).strip(b" \t") + b"\r\n"

    left = list(fields)
    data = b""
    for name in names:
        for place in reversed(range(len(left))):
            if left[place].split(b":", 1)[0].lower() == name.lower():
                data += canonical(left.pop(place))
                break
    return data + canonical(own).removesuffix(b"\r\n")


# -- damage


def in_part(rng: random.Random, message: bytes, is_body: bool, pattern: bytes, new: bytes) -> bytes:
    """The message with one match of `pattern` in its header or its body replaced."""
    header, empty, body = message.partition(b"\r\n\r\n")
    part = body if is_body else header
    found = list(re.finditer(pattern, part))
    if found:
        place = rng.choice(found)
        part = part[:place.start()] + place.expand(new) + part[place.end():]
    return header + empty + part if is_body else part + empty + body


def other_sign(rng: random.Random, message: bytes) -> bytes:
    """One character of a signature or of a body hash changed; not the last ones, which may hold no bits."""
    found = list(re.finditer(rb"[;\s](?:b|bh)\s*=([\s0-9A-Za-z+/]{20,})", message))
    if not found:
        return message
    value = rng.choice(found)
    places = [place for place in range(value.start(1), value.end(1) - 6) if message[place] in BASE_64]
    place = rng.choice(places)
    return message[:place] + bytes([rng.choice(BASE_64.replace(message[place:place + 1], b""))]) + message[place + 1:]


def add_field(rng: random.Random, message: bytes, added: bytes) -> bytes:
    header, empty, body = message.partition(b"\r\n\r\n")
    return (added + b"\r\n" + header if rng.random() < 0.5 else header + b"\r\n" + added) + empty + body


def other_line_ends(rng: random.Random, message: bytes) -> bytes:
    """CRLF becomes LF, everywhere or in the body alone."""
    if rng.random() < 0.5:
        return message.replace(b"\r\n", b"\n")
    header, empty, body = message.partition(b"\r\n\r\n")
    return header + empty + body.replace(b"\r\n", b"\n")


DAMAGES = {
    "body byte": lambda rng, mail: in_part(rng, mail, True, rb"[a-zA-Z.]", rb"Q"),
    "header byte": lambda rng, mail: in_part(rng, mail, False, rb"(?<=hell)o|(?<=ww)w|(?<=exampl)e", rb"Q"),
    "signature byte": other_sign,
    "refolded": lambda rng, mail: in_part(rng, mail, False, rb"(?<=\S) (?=\S)", b"\r\n\t"),
    "space in header": lambda rng, mail: in_part(rng, mail, False, rb"(?<=\S) (?=\S)", rb"  "),
    "case of names": lambda rng, mail: re.sub(
        rb"(?im)^(subject|to|cc|from|x-foo|dkim-signature):", lambda name: name[0].swapcase(), mail),
    "trailing space in header": lambda rng, mail: in_part(rng, mail, False, rb"(?<=\S)(?=\r\n|\Z)", rb" \t"),
    "trailing space in body": lambda rng, mail: in_part(rng, mail, True, rb"(?=\r\n|\Z)", rb" \t"),
    "space in body": lambda rng, mail: in_part(rng, mail, True, rb"[ \t]", rb"\t "),
    "lines after the body": lambda rng, mail: mail + rng.choice((b"\r\n", b"\r\n\r\n", b" \r\n", b"\t", b"more\r\n")),
    "body cut": lambda rng, mail: mail[:-rng.randint(1, 3)],
    "line ends": other_line_ends,
    "another To": lambda rng, mail: add_field(rng, mail, b"To: added@example.com"),
    "another From": lambda rng, mail: add_field(rng, mail, b"From: evil@example.org"),
    "another field": lambda rng, mail: add_field(rng, mail, b"X-Foo: added"),
    "line that is no field": lambda rng, mail: add_field(rng, mail, b"no field at all"),
}
