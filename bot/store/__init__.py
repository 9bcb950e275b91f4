"""What is kept of people who asked for it, and the key that seals it.

Rules that hold in this room: nothing about a person is written before they say yes to that purpose; what is
written says nothing without the key; what is deleted is gone from the files. All SQL of the house is here.
"""


class StoreError(Exception):
    """The key or the database cannot serve: one plain line of what is wrong and how to mend it.

    It names no person and no id, answer or secret.
    """


class SecretError(StoreError):
    """The data key is missing, malformed, or open to others."""


class SealError(StoreError):
    """A sealed cell does not open: another key, another place, or changed bytes."""


class UnknownKeyError(SealError):
    """A sealed cell names a key that is not in the ring."""


class WrongKeyError(StoreError):
    """The database was sealed with another data key."""


class NewerDatabaseError(StoreError):
    """The database was written by a newer version of the bot."""


class NoConsentError(StoreError):
    """SQLite refused a row whose consent is missing."""


class PlaceError(StoreError):
    """The folder or the disk cannot serve: all that needs no memory goes on without it."""


class InUseError(StoreError):
    """Another process serves this database."""
