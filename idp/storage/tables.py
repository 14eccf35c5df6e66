"""The tables of the provider's database: one `MetaData` that Flask-SQLAlchemy, Alembic and the adapters share.

Numbers of seconds are Unix time. Every column that a look-up names has an index; every constraint has a name, so that a
migration can speak of it on each database.
"""

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from idp.storage.append_only import append_only

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)
db = SQLAlchemy(metadata=metadata)

# --- What lives briefly -------------------------------------------------------------------------------------------

ephemerals = Table(
    "ephemerals",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),  # SHA-256 of purpose NUL value; the value itself is never stored
    Column("payload", JSON, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("taken", Boolean, nullable=False),
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_hash", String(128), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("sid", String(128), nullable=False, unique=True),
    Column("authenticated_at", BigInteger, nullable=False),
    Column("acr", String(32), nullable=False),
    Column("amr", JSON, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("idle_until", BigInteger, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    Column("device", String(128), nullable=False),
    Column("place", String(64), nullable=False),
)

# Whom a session was used at, as long as it lives: no foreign key, so that its end finds them after it.
session_clients = Table(
    "session_clients",
    metadata,
    Column("sid", String(128), primary_key=True),
    Column("client_id", String(255), primary_key=True),
    Column("subject", String(255), nullable=False),
)

# Who has to hear that a session is over.
logouts = Table(
    "logouts",
    metadata,
    Column("logout_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("sid", String(128), nullable=False),
    Column("client_id", String(255), nullable=False),
    Column("account_id", String(128), nullable=False),
    Column("subject", String(255), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("since", BigInteger, index=True),  # when a worker first saw it
    Column("due", BigInteger, nullable=False, index=True),  # 0: at once
    Index(None, "client_id", "due"),
)

# Tries, by the SHA-256 of limit NUL value: whom they were made on is not told by the table.
attempts = Table(
    "attempts",
    metadata,
    Column("key", LargeBinary(32), primary_key=True),
    Column("tries", Integer, nullable=False),
    Column("blocked_until", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

# The simulated network of short messages.
messages = Table(
    "messages",
    metadata,
    Column("message_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("phone", String(16), nullable=False, index=True),
    Column("text_vi", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    Column("sent_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

grants = Table(
    "grants",
    metadata,
    Column("grant_id", String(128), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False),
    # No foreign key: an anonymous wallet of OpenID4VCI has a grant and no registration.
    Column("client_id", String(255), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("details", JSON, nullable=False),
    Column("closed_at", BigInteger),
    Index(None, "account_id", "client_id"),
)

tokens = Table(
    "tokens",
    metadata,
    Column("token_hash", String(128), primary_key=True),
    Column("grant_id", ForeignKey("grants.grant_id"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("generation", Integer, nullable=False),
    Column("rotated_at", BigInteger),
    Column("scopes", JSON(none_as_null=True)),  # of a token that may do less than its grant
    Column("audience", JSON(none_as_null=True)),  # of a token that is for other resources than our own
    Column("jkt", String(43)),  # of a token that is bound to a key
    CheckConstraint("kind IN ('access', 'refresh')", name="kind"),
)

# --- Who may sign in, and where -----------------------------------------------------------------------------------

accounts = Table(
    "accounts",
    metadata,
    Column("account_id", String(128), primary_key=True),
    # No foreign key: the population register is another authority's database, only simulated beside us.
    Column("person_id", String(128), nullable=False, unique=True),
    Column("level", SmallInteger, nullable=False),
    Column("phone", String(16), nullable=False, unique=True),
    Column("email", String(320)),
    Column("password_hash", String(255), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    CheckConstraint("level IN (1, 2)", name="level"),
    CheckConstraint("state IN ('active', 'locked')", name="state"),
)

authenticators = Table(
    "authenticators",
    metadata,
    Column("authenticator_id", String(128), primary_key=True),
    Column("account_id", ForeignKey("accounts.account_id"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("name", String(128), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("key", String(64)),
    Column("data", JSON, nullable=False),
    Column("counter", BigInteger, nullable=False),
    Column("last_used_at", BigInteger),
    UniqueConstraint("kind", "key"),
)

clients = Table(
    "clients",
    metadata,
    Column("client_id", String(255), primary_key=True),
    Column("name_vi", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("purpose_vi", Text, nullable=False),
    Column("purpose_en", Text, nullable=False),
    Column("redirect_uris", JSON, nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("profile", String(32), nullable=False),
    Column("token_endpoint_auth_method", String(64), nullable=False),
    Column("secret_hash", String(64)),
    Column("id_token_signed_response_alg", String(16), nullable=False),
    Column("application_type", String(16), nullable=False),
    Column("entitled_to_pid", Boolean, nullable=False),
    Column("metadata", JSON, nullable=False, server_default="{}"),
    Column("secret_sealed", Text),  # by a key that is not in the database: what is a key itself cannot be a hash
    Index(None, "name_vi", "client_id"),  # the order in which they are listed
)

consents = Table(
    "consents",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("client_id", ForeignKey("clients.client_id"), primary_key=True, index=True),
    Column("scopes", JSON, nullable=False),
    Column("given_at", BigInteger, nullable=False),
)

# What admits new clients, by its hash, and for what.
initial_tokens = Table(
    "initial_tokens",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("profile", String(32), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("entitled_to_pid", Boolean, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
)

# Of a client that registered itself, by what it shows that it is itself, and what it may be at most.
registrations = Table(
    "registrations",
    metadata,
    Column("client_id", ForeignKey("clients.client_id"), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("previous_hash", String(64), unique=True),
    Column("scopes", JSON, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
)

# Of whose accounts the state's staff are, each with what they may do.
staff = Table(
    "staff",
    metadata,
    Column("account_id", ForeignKey("accounts.account_id"), primary_key=True),
    Column("role", String(32), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("granted_by", String(128), nullable=False),
)

# --- The registers ------------------------------------------------------------------------------------------------

people = Table(
    "people",
    metadata,
    Column("person_id", String(128), primary_key=True),
    Column("name", Text, nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("sex", String(8), nullable=False),
    Column("nationality", String(2), nullable=False),
    Column("residence_detail", Text, nullable=False),
    Column("residence_commune", Text, nullable=False),
    Column("residence_province", Text, nullable=False),
    Column("place_of_birth", Text, nullable=False),
    Column("phone", String(16)),
    Column("email", String(320)),
    Column("deceased_on", String(10)),
    Column("locked", Boolean, nullable=False),
    CheckConstraint("sex IN ('male', 'female')", name="sex"),
)

# Every number ever given, in force or cancelled: the primary key is what keeps a number from a second person.
personal_ids = Table(
    "personal_ids",
    metadata,
    Column("pid", String(12), primary_key=True),
    Column("person_id", ForeignKey("people.person_id"), nullable=False, index=True),
    Column("cancelled_on", String(10)),
    Column("reason", Text),
)
IN_FORCE = personal_ids.c.cancelled_on.is_(None)
Index(
    "uq_personal_ids_in_force", personal_ids.c.person_id, unique=True, sqlite_where=IN_FORCE, postgresql_where=IN_FORCE
)

documents = Table(
    "documents",
    metadata,
    Column("document_id", String(128), primary_key=True),
    Column("person_id", String(128), nullable=False, index=True),
    Column("type", String(64), nullable=False),
    Column("record", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("valid_until", String(10)),
    Column("spouse_pid", String(12), index=True),  # out of the record: who is looked for by it has no other way
    CheckConstraint("state IN ('valid', 'suspended', 'revoked')", name="state"),
)

# What is waited for before copies are signed: the id of a document, or `kind:` and the name of a kind.
issuance_holds = Table(
    "issuance_holds",
    metadata,
    Column("subject", String(160), primary_key=True),
    Column("ground", String(16), nullable=False),
    Column("since", BigInteger, nullable=False),
    Column("held_by", String(128), nullable=False),
)

# --- What was issued and published --------------------------------------------------------------------------------

status_lists = Table(
    "status_lists",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("kind", Integer, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False),
)

# One row an index that was given, ever.
status_indexes = Table(
    "status_indexes",
    metadata,
    Column("number", ForeignKey("status_lists.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
)

# Only what is not valid.
status_entries = Table(
    "status_entries",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("status", SmallInteger, nullable=False),
    ForeignKeyConstraint(["number", "position"], ["status_indexes.number", "status_indexes.position"]),
)

# Whose each key is that was ever proven for a credential: nobody may show it for another person.
holder_keys = Table(
    "holder_keys",
    metadata,
    Column("thumbprint", String(128), primary_key=True),
    Column("person_id", ForeignKey("people.person_id"), nullable=False),
)

issued_credentials = Table(
    "issued_credentials",
    metadata,
    Column("credential_id", String(128), primary_key=True),
    Column("document_id", ForeignKey("documents.document_id"), nullable=False, index=True),
    Column("view", String(64), nullable=False),
    Column("holder_thumbprint", String(128), nullable=False),
    Column("status_list", Integer, nullable=False),
    Column("status_index", Integer, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("client_id", String(255)),
    Column("wallet", String(64), nullable=False, server_default="earlier"),
    Column("device", String(64), nullable=False, server_default=""),
    Column("locked", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("status_list", "status_index"),
)

publications = Table(
    "publications",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

# Each status list as it was signed last.
signed_lists = Table(
    "signed_lists",
    metadata,
    Column("number", ForeignKey("status_lists.number"), primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("signer", LargeBinary(32), nullable=False),
    Column("token", LargeBinary, nullable=False),
)

# The bundles of some days, so that what changed since one of them can be told; the bytes of the newest alone.
bundles = Table(
    "bundles",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("issued", BigInteger, nullable=False, index=True),
    Column("content", String(128), nullable=False),
    Column("manifest", LargeBinary, nullable=False),
    Column("raw", LargeBinary),
)

# What the provider signs with. `private` is sealed by a key that is not in the database.
signing_keys = Table(
    "signing_keys",
    metadata,
    Column("kid", String(128), primary_key=True),
    Column("alg", String(16), nullable=False),
    Column("jwk", JSON, nullable=False),
    Column("prepared_at", BigInteger, nullable=False),
    Column("active_from", BigInteger),
    Column("retired_at", BigInteger),
    Column("removed_at", BigInteger),
    Column("private", Text),
)
_here = signing_keys.c.removed_at.is_(None)
_next = signing_keys.c.active_from.is_(None) & _here
_signs = signing_keys.c.active_from.is_not(None) & signing_keys.c.retired_at.is_(None) & _here
Index("uq_signing_keys_prepared", signing_keys.c.alg, unique=True, sqlite_where=_next, postgresql_where=_next)
Index("uq_signing_keys_active", signing_keys.c.alg, unique=True, sqlite_where=_signs, postgresql_where=_signs)

events = Table(
    "events",
    metadata,
    # SQLite numbers rows by itself only in a column of the very type INTEGER.
    Column("event_id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(64), nullable=False),
    Column("account_id", String(128)),
    Column("client_id", String(255)),
    Column("details", JSON, nullable=False),
    Index(None, "account_id", "event_id"),
    Index(None, "kind", "event_id"),
    Index(None, "account_id", "kind", "event_id"),
)
# Few among millions: what was done to what is registered of clients.
OF_CLIENTS = text("kind IN ('client_added', 'client_changed', 'client_removed')")
Index(
    "ix_events_of_clients",
    events.c.client_id,
    events.c.event_id,
    sqlite_where=OF_CLIENTS,
    postgresql_where=OF_CLIENTS,
)

# The seals over the events; see `idp.journal.chain`.
blocks = Table(
    "blocks",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("last_event_id", BigInteger, nullable=False),
    Column("sealed_at", BigInteger, nullable=False),
    Column("leaves", LargeBinary, nullable=False),
    Column("previous", LargeBinary(32), nullable=False),
    Column("hash", LargeBinary(32), nullable=False, unique=True),
)
append_only(events)
append_only(blocks)
