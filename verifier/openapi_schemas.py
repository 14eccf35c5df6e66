"""What the service answers with, as JSON Schema: reports, their parts, and the small words with which `verifier.openapi` describes the rest.

Spec: JSON Schema 2020-12, from the very tables of the code.
"""

from collections.abc import Mapping
from typing import Any

from certs.catalogue import CATALOGUE
from verifier.foreign import Framework
from verifier.policy.composed import Link
from verifier.presented import Form
from verifier.reasons import REASONS
from verifier.result import CheckOutcome, Outcome, Step

Schema = dict[str, Any]


def record(members: Mapping[str, Schema], needed: list[str] | None = None) -> Schema:
    required = list(members) if needed is None else needed
    return {"type": "object", "properties": dict(members), "required": required, "additionalProperties": False}


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


TIME = {"type": "integer", "minimum": 0, "description": "Unix seconds"}
TEXT = record({"vi": {"type": "string"}, "en": {"type": "string"}})
CODE = {"enum": [*sorted(REASONS), None]}
NAMES = {"type": "array", "items": {"type": "string"}}
FRAMEWORKS = [each.value for each in Framework]
PARTS = {"type": "string", "enum": ["bundle", "root", "trust_list", "crl", "status_list"]}
HEALTH = record({"status": {"const": "ready"}, "bundle_sequence": {"type": "integer", "minimum": 0}})
TRUST = record(
    {
        "checked_at": TIME,
        "age_seconds": {"type": "integer", "minimum": 0},
        "ages": {"type": "object", "propertyNames": PARTS, "additionalProperties": {"type": "integer", "minimum": 0}},
        "bundle_sequence": {"type": "integer", "minimum": 0},
        "ended": {"type": "array", "items": PARTS, "description": "what has passed its end, and still counts"},
        "bundle_issued": TIME,
        "bundle_expires": TIME,
        "trust_list_as_of": or_null(TIME),
        "crl_as_of": or_null(TIME),
        "status_as_of": or_null(TIME),
    }
)
TRUST_PARTS = record(
    {
        "trust": ref("Trust"),
        "parts": {
            "type": "array",
            "items": record({"kind": PARTS, "name": {"type": "string"}, "issued": TIME, "until": TIME}),
        },
    }
)


def report() -> Schema:
    """What was shown stands in it only where it is accepted: there is no data without a verdict (MD-14)."""
    check = record(
        {
            "step": {"type": "integer", "minimum": 1, "maximum": len(Step)},
            "name": {"enum": [step.name.lower() for step in Step]},
            "outcome": {"enum": [each.value for each in CheckOutcome]},
            "code": CODE,
        }
    )
    members: Schema = {
        "outcome": {"enum": [each.value for each in Outcome]},
        "format": {"enum": [*(form.value for form in Form), None]},
        "code": CODE,
        "fields": NAMES,
        "reason": or_null(ref("Text")),
        "advice": or_null(ref("Text")),
        "checks": {"type": "array", "items": check, "minItems": len(Step), "maxItems": len(Step)},
        "verified": or_null(verified_document()),
        "trust": or_null(ref("Trust")),
    }
    accepted = {"properties": {"outcome": {"const": Outcome.ACCEPTED.value}}}
    shown, withheld = {"verified": {"type": "object"}}, {"verified": {"type": "null"}}
    return {**record(members), "if": accepted, "then": {"properties": shown}, "else": {"properties": withheld}}


def foreign_report() -> Schema:
    """As a report; what it says of its holder proves no holder, and no trust data of ours took part."""
    time: Schema = or_null(TIME)
    text = {"type": ["string", "null"], "description": "as its issuer writes it"}
    document = record(
        {
            "framework": {"enum": FRAMEWORKS},
            "kinds": NAMES,
            "claims": {"type": "object", "description": "as its framework has them"},
            "full_name": text,
            "birth_date": text,
            "issuer": {"type": "string", "description": "a country (ISO 3166-1 alpha-2), or the issuer's URL"},
            "signer": {"type": "string"},
            "issued": TIME,
            "expires": time,
            "holder_bound": {"const": False},
            "status_as_of": time,
            "trust_as_of": time,
        }
    )
    members = report()["properties"]
    kept = {name: members[name] for name in ("outcome", "code", "reason", "advice", "checks")}
    return record({**kept, "framework": {"enum": [*FRAMEWORKS, None]}, "verified": or_null(document)})


def verified_document() -> Schema:
    return record(
        {
            "document": {"enum": sorted(CATALOGUE)},
            "view": {"type": "string"},
            "claims": {"type": "object", "description": "by the catalogue's names; dates as YYYY-MM-DD"},
            "partial": NAMES,
            "issuer": {"type": "string"},
            "issuer_name": ref("Text"),
            "level": {
                "type": ["integer", "null"],
                "description": "of the identity account that it takes to be given one",
            },
            "issued": TIME,
            "expires": TIME,
            "holder_bound": {"type": "boolean"},
            "printed": {"type": "boolean"},
            "audience": {"type": ["string", "null"]},
            "challenge": {"type": ["string", "null"], "description": "base64url"},
            "presented_at": or_null(TIME),
            "status_as_of": or_null(TIME),
            "trust_as_of": TIME,
        }
    )


def joint() -> Schema:
    return record(
        {
            "outcome": {"enum": [each.value for each in Outcome]},
            "code": CODE,
            "fields": NAMES,
            "reason": or_null(ref("Text")),
            "advice": or_null(ref("Text")),
            "linked_by": {"type": "array", "items": {"enum": [each.value for each in Link]}},
            "documents": {"type": "array", "items": ref("Report")},
        }
    )
