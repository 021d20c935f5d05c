"""Whether a secret could be guessed: too short, a placeholder, or a pattern.

Owns what is refused as JWT_SECRET. It measures no entropy exactly: it finds what people leave
in by mistake.
"""

from __future__ import annotations

SHORTEST = 32  # characters. RFC 7518, 3.2: an HS256 key has at least the hash's 256 bits
FEWEST_DIFFERENT = 10  # a random hex string of 32 has fewer in one of 3,000
_PLACEHOLDERS = (
    "changeme", "changeit", "replaceme", "insecure", "default", "example", "placeholder",
    "yoursecret", "yourjwtsecret", "mysecret", "supersecret", "topsecret", "secretkey",
    "jwtsecret", "password", "development", "0123456789", "1234567890", "abcdefgh", "qwerty",
)  # fmt: skip


def weakness(secret: str) -> str | None:
    """Why it could be guessed, to follow 'JWT_SECRET …'; None: no reason was found."""
    if len(secret) < SHORTEST:
        return f"has fewer than {SHORTEST} characters and could be guessed"
    letters = "".join(character for character in secret.lower() if character.isalnum())
    if letters.startswith(_PLACEHOLDERS):
        return "is a placeholder that anybody could guess"
    if len(set(secret)) < FEWEST_DIFFERENT or secret in (secret + secret)[1:-1]:
        return "repeats itself and could be guessed"
    return None
