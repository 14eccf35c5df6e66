"""The description of the service: its addresses, what goes in and what comes out, as OpenAPI 3.1 from the very tables of the code.

Spec: OpenAPI 3.1.1, JSON Schema 2020-12, RFC 9457. Plain data; `tests/verifier/test_service.py` holds the service against it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from certs.catalogue import CATALOGUE
from verifier.policy.composed import MOST, Link
from verifier.presented import Form
from verifier.reasons import REASONS
from verifier.result import CheckOutcome, Outcome, Step

TEXT_LIMIT = 1024 * 1024  # characters of one credential; far above any, so that the verdict can say "too long"
AUDIENCE_LIMIT = 512  # characters
CHALLENGE_LIMIT = 64  # bytes
BODY_LIMIT = 16 * 1024 * 1024  # bytes
VERSION = "1.0.0"
_TITLE = "Verifier of electronic documents (a simulation, with no tie to the real VNeID or any ministry)"

Schema = dict[str, Any]


def document(url: str, *, alone: Iterable[str], together: Iterable[str]) -> Schema:
    """`alone`, `together`: the names of the policies for one document, and for several of one person."""
    return {
        "openapi": "3.1.1",
        "info": {"title": _TITLE, "version": VERSION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": _paths(sorted(alone), sorted(together)),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Text": _TEXT,
                "Report": _report(),
                "JointReport": _joint(),
                "Trust": _TRUST,
                "Problem": _PROBLEM,
            },
            "responses": _PROBLEMS,
        },
    }


def _paths(alone: list[str], together: list[str]) -> Schema:
    policy = {
        "type": "string",
        "enum": alone,
        "description": "who is asked for what; without one, any genuine document",
    }
    both: Schema = {"type": "string", "enum": together, "description": "which documents of one person"}
    texts: Schema = {"type": "array", "items": _CREDENTIAL, "minItems": 1, "maxItems": MOST}
    found = {"type": "array", "items": {"type": "string"}}
    reason = _object(
        {
            "code": {"enum": sorted(REASONS)},
            "outcome": {"enum": ["rejected", "undetermined"]},
            "reason": _ref("Text"),
            "advice": _ref("Text"),
        }
    )
    picture = _object({"credentials": found, "reason": _or_null(_ref("Text")), "report": _or_null(_ref("Report"))})
    paths = {
        "/health": {"get": _get("Whether verdicts can be given", _HEALTH, guarded=False)},
        "/openapi.json": {"get": {**_get("This description", {"type": "object"}, guarded=False)}},
        "/v1/trust": {"get": _get("The trust data in hand, and until when each part of it is good", _TRUST_PARTS)},
        "/v1/reasons": {
            "get": _get(
                "Every reason code, with what to do",
                _object({"reasons": {"type": "array", "items": reason}}),
                trust=False,
            )
        },
        "/v1/check": {"post": _post("Judge one document", {"credential": _CREDENTIAL}, {"policy": policy}, "Report")},
        "/v1/check-picture": {"post": _pictured(policy, picture)},
    }
    if together:  # an enumeration of nothing describes nothing
        body = {"credentials": texts, "policy": both}
        paths["/v1/check-together"] = {"post": _post("Judge several documents of one person", body, {}, "JointReport")}
    return paths


def _get(summary: str, schema: Schema, *, guarded: bool = True, trust: bool = True) -> Schema:
    refusals = (["401"] if guarded else []) + (["503"] if trust and summary != "This description" else [])
    open_to_all: Schema = {} if guarded else {"security": []}
    return {"summary": summary, **open_to_all, "responses": {"200": _answered(schema), **_refused(*refusals)}}


def _post(summary: str, needed: Mapping[str, Schema], more: Mapping[str, Schema], answer: str) -> Schema:
    body = _object({**needed, **more, "audience": _AUDIENCE, "challenge": _CHALLENGE}, needed=list(needed))
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _answered(_ref(answer)), **_refused("401", "411", "413", "415", "422", "503")},
    }


def _pictured(policy: Schema, answer: Schema) -> Schema:
    named = {"policy": policy, "audience": _AUDIENCE, "challenge": _CHALLENGE}
    image = {"schema": {"type": "string", "contentMediaType": "image/png"}}
    return {
        "summary": "Judge the code in a picture; of several none is chosen, and all are told",
        "parameters": [{"name": name, "in": "query", "schema": schema} for name, schema in named.items()],
        "requestBody": {"required": True, "content": {"image/png": image, "image/jpeg": image}},
        "responses": {"200": _answered(answer), **_refused("401", "411", "413", "415", "422", "503")},
    }


def _answered(schema: Schema) -> Schema:
    return {"description": "The answer", "content": {"application/json": {"schema": schema}}}


def _refused(*statuses: str) -> Schema:
    return {status: {"$ref": f"#/components/responses/{_BY_STATUS[status]}"} for status in statuses}


def _object(members: Mapping[str, Schema], needed: list[str] | None = None) -> Schema:
    required = list(members) if needed is None else needed
    return {"type": "object", "properties": dict(members), "required": required, "additionalProperties": False}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _or_null(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


# --- what goes in -----------------------------------------------------------------------------------------------------

_CREDENTIAL = {
    "type": "string",
    "minLength": 1,
    "maxLength": TEXT_LIMIT,
    "description": "the text of a QR code (VN1:…), an SD-JWT VC with its key binding, or an mdoc as base64url",
}
_AUDIENCE = {
    "type": "string",
    "minLength": 1,
    "maxLength": AUDIENCE_LIMIT,
    "description": "the name for which it must have been made",
}
_CHALLENGE = {
    "type": "string",
    "pattern": f"^([0-9a-f]{{2}}){{1,{CHALLENGE_LIMIT}}}$",
    "description": "the challenge that it must answer, in hexadecimal digits",
}

# --- what comes out ---------------------------------------------------------------------------------------------------

_TIME = {"type": "integer", "minimum": 0, "description": "Unix seconds"}
_TEXT = _object({"vi": {"type": "string"}, "en": {"type": "string"}})
_CODE = {"enum": [*sorted(REASONS), None]}
_NAMES = {"type": "array", "items": {"type": "string"}}
_PARTS = {"type": "string", "enum": ["bundle", "root", "trust_list", "crl", "status_list"]}
_HEALTH = _object({"status": {"const": "ready"}, "bundle_sequence": {"type": "integer", "minimum": 0}})
_TRUST = _object(
    {
        "checked_at": _TIME,
        "age_seconds": {"type": "integer", "minimum": 0},
        "ages": {"type": "object", "propertyNames": _PARTS, "additionalProperties": {"type": "integer", "minimum": 0}},
        "bundle_sequence": {"type": "integer", "minimum": 0},
        "ended": {"type": "array", "items": _PARTS, "description": "what has passed its end, and still counts"},
        "bundle_issued": _TIME,
        "bundle_expires": _TIME,
        "trust_list_as_of": _or_null(_TIME),
        "crl_as_of": _or_null(_TIME),
        "status_as_of": _or_null(_TIME),
    }
)
_TRUST_PARTS = _object(
    {
        "trust": _ref("Trust"),
        "parts": {
            "type": "array",
            "items": _object({"kind": _PARTS, "name": {"type": "string"}, "issued": _TIME, "until": _TIME}),
        },
    }
)


def _report() -> Schema:
    """What was shown stands in it only where it is accepted: there is no data without a verdict (MD-14)."""
    check = _object(
        {
            "step": {"type": "integer", "minimum": 1, "maximum": len(Step)},
            "name": {"enum": [step.name.lower() for step in Step]},
            "outcome": {"enum": [each.value for each in CheckOutcome]},
            "code": _CODE,
        }
    )
    members: Schema = {
        "outcome": {"enum": [each.value for each in Outcome]},
        "format": {"enum": [*(form.value for form in Form), None]},
        "code": _CODE,
        "fields": _NAMES,
        "reason": _or_null(_ref("Text")),
        "advice": _or_null(_ref("Text")),
        "checks": {"type": "array", "items": check, "minItems": len(Step), "maxItems": len(Step)},
        "verified": _or_null(_verified()),
        "trust": _or_null(_ref("Trust")),
    }
    accepted = {"properties": {"outcome": {"const": Outcome.ACCEPTED.value}}}
    shown, withheld = {"verified": {"type": "object"}}, {"verified": {"type": "null"}}
    return {**_object(members), "if": accepted, "then": {"properties": shown}, "else": {"properties": withheld}}


def _verified() -> Schema:
    return _object(
        {
            "document": {"enum": sorted(CATALOGUE)},
            "view": {"type": "string"},
            "claims": {"type": "object", "description": "by the catalogue's names; dates as YYYY-MM-DD"},
            "partial": _NAMES,
            "issuer": {"type": "string"},
            "issuer_name": _ref("Text"),
            "level": {
                "type": ["integer", "null"],
                "description": "of the identity account that it takes to be given one",
            },
            "issued": _TIME,
            "expires": _TIME,
            "holder_bound": {"type": "boolean"},
            "printed": {"type": "boolean"},
            "audience": {"type": ["string", "null"]},
            "challenge": {"type": ["string", "null"], "description": "base64url"},
            "presented_at": _or_null(_TIME),
            "status_as_of": _or_null(_TIME),
            "trust_as_of": _TIME,
        }
    )


def _joint() -> Schema:
    return _object(
        {
            "outcome": {"enum": [each.value for each in Outcome]},
            "code": _CODE,
            "fields": _NAMES,
            "reason": _or_null(_ref("Text")),
            "advice": _or_null(_ref("Text")),
            "linked_by": {"type": "array", "items": {"enum": [each.value for each in Link]}},
            "documents": {"type": "array", "items": _ref("Report")},
        }
    )


# --- problems ---------------------------------------------------------------------------------------------------------

_PROBLEM: Schema = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "request_id": {"type": "string", "description": "the log has it too"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": _object({"pointer": {"type": "string"}, "detail": {"type": "string"}}),
        },
    },
    "required": ["type", "title", "status", "request_id"],
}
_BY_STATUS = {
    "401": "Unauthorized",
    "411": "LengthRequired",
    "413": "TooLarge",
    "415": "WrongType",
    "422": "Invalid",
    "503": "NoTrustData",
}
_SAID = {
    "Unauthorized": "A bearer token of this service is needed",
    "LengthRequired": "The body came in pieces; its length must be stated",
    "TooLarge": "The body is longer than anything that is judged here",
    "WrongType": "The body is of another media type than those that are described",
    "Invalid": "The request is not as described; `errors` names each member that is wrong",
    "NoTrustData": "There is no trust data yet, so nothing can be judged",
}
_PROBLEMS = {
    name: {"description": said, "content": {"application/problem+json": {"schema": _ref("Problem")}}}
    for name, said in _SAID.items()
}
