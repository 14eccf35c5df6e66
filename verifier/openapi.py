"""The description of the service: its addresses, what goes in and what comes out, as OpenAPI 3.1 from the very tables of the code.

Spec: OpenAPI 3.1.1, JSON Schema 2020-12, RFC 9457. Plain data; `tests/verifier/test_service.py` holds the service against it.
"""

from collections.abc import Iterable, Mapping

from verifier.openapi_schemas import (
    HEALTH,
    TEXT,
    TRUST,
    TRUST_PARTS,
    Schema,
    foreign_report,
    joint,
    or_null,
    record,
    ref,
    report,
)
from verifier.policy.composed import MOST
from verifier.reasons import REASONS

TEXT_LIMIT = 1024 * 1024  # characters of one credential; far above any, so that the verdict can say "too long"
AUDIENCE_LIMIT = 512  # characters
CHALLENGE_LIMIT = 64  # bytes
BODY_LIMIT = 16 * 1024 * 1024  # bytes
VERSION = "1.0.0"
_TITLE = "Verifier of electronic documents (a simulation, with no tie to the real VNeID or any ministry)"


def document(url: str, *, alone: Iterable[str], together: Iterable[str], foreign: Iterable[str] = ()) -> Schema:
    """`alone`, `together`: the names of the policies for one document, and for several of one person; `foreign`: the kinds of
    foreign documents that are taken."""
    return {
        "openapi": "3.1.1",
        "info": {"title": _TITLE, "version": VERSION, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}},
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "paths": {**_paths(sorted(alone), sorted(together)), **_abroad(sorted(foreign))},
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {
                "Text": TEXT,
                "Report": report(),
                "JointReport": joint(),
                "ForeignReport": foreign_report(),
                "Trust": TRUST,
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
    reason = record(
        {
            "code": {"enum": sorted(REASONS)},
            "outcome": {"enum": ["rejected", "undetermined"]},
            "reason": ref("Text"),
            "advice": ref("Text"),
        }
    )
    picture = record({"credentials": found, "reason": or_null(ref("Text")), "report": or_null(ref("Report"))})
    paths = {
        "/health": {"get": _get("Whether verdicts can be given", HEALTH, guarded=False)},
        "/openapi.json": {"get": {**_get("This description", {"type": "object"}, guarded=False)}},
        "/v1/trust": {"get": _get("The trust data in hand, and until when each part of it is good", TRUST_PARTS)},
        "/v1/reasons": {
            "get": _get(
                "Every reason code, with what to do",
                record({"reasons": {"type": "array", "items": reason}}),
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


def _abroad(kinds: list[str]) -> Schema:
    """Nothing where no anchors are: an enumeration of nothing describes nothing."""
    if not kinds:
        return {}
    accept = {"type": "array", "items": {"enum": kinds}, "minItems": 1, "description": "nothing else is accepted"}
    credential = {**_CREDENTIAL, "description": "EU Digital COVID Certificate (HC1:…), SMART Health Card (shc:/…)"}
    body = record({"credential": credential, "accept": accept})
    return {
        "/v1/check-foreign": {
            "post": {
                "summary": "Judge one document of another framework, by the anchors that were given for it",
                "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
                "responses": {"200": _answered(ref("ForeignReport")), **_refused("401", "411", "413", "415", "422")},
            }
        }
    }


def _get(summary: str, schema: Schema, *, guarded: bool = True, trust: bool = True) -> Schema:
    refusals = (["401"] if guarded else []) + (["503"] if trust and summary != "This description" else [])
    open_to_all: Schema = {} if guarded else {"security": []}
    return {"summary": summary, **open_to_all, "responses": {"200": _answered(schema), **_refused(*refusals)}}


def _post(summary: str, needed: Mapping[str, Schema], more: Mapping[str, Schema], answer: str) -> Schema:
    body = record({**needed, **more, "audience": _AUDIENCE, "challenge": _CHALLENGE}, needed=list(needed))
    return {
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": body}}},
        "responses": {"200": _answered(ref(answer)), **_refused("401", "411", "413", "415", "422", "503")},
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
            "items": record({"pointer": {"type": "string"}, "detail": {"type": "string"}}),
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
    name: {"description": said, "content": {"application/problem+json": {"schema": ref("Problem")}}}
    for name, said in _SAID.items()
}
