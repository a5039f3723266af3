"""The key that signs webhooks, and the two forms in which Monoova publishes it."""

import base64
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

_KEY_BITS = 2048
_CERTIFICATE_YEAR = timedelta(days=365)


def new_key() -> rsa.RSAPrivateKey:
    """A new RSA-2048 key. Takes tens of milliseconds: tests share one."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)


class SigningKey:
    """Signs with RSA PKCS#1 v1.5 over SHA-256. Without a key given, makes one when first needed."""

    def __init__(self, key: rsa.RSAPrivateKey | None = None) -> None:
        self._given = key

    @property
    def _key(self) -> rsa.RSAPrivateKey:
        if self._given is None:
            self._given = new_key()
        return self._given

    def rotate(self, key: rsa.RSAPrivateKey | None = None) -> None:
        """Sign with another key from now on, as Monoova does every year."""
        self._given = key or new_key()

    def signature(self, body: bytes) -> str:
        """The value of `Verification-Signature` for these raw bytes: base64."""
        return base64.b64encode(self._key.sign(body, padding.PKCS1v15(), hashes.SHA256())).decode(
            "ascii"
        )

    def public_key_hex(self) -> str:
        """Upper-case hex of the PKCS#1 `RSAPublicKey`, as `/public/v1/certificate/public-key`."""
        der = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        )
        return der.hex().upper()

    def certificate_pem(self, now: datetime) -> bytes:
        """A self-signed certificate of the key, valid for a year from `now`."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Simulated Monoova")])
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now)
            .not_valid_after(now + _CERTIFICATE_YEAR)
            .sign(self._key, hashes.SHA256())
        )
        return certificate.public_bytes(serialization.Encoding.PEM)
