"""Type metadata says of every claim of the catalogue where it lies and what it is called."""

import base64
import hashlib

import pytest

from certs.catalogue import CATALOGUE, DocumentType
from certs.encoding import json_decode
from certs.formats import disclosures, sd_jwt, type_metadata
from tests.certs.formats.sd_jwts import issue
from tests.certs.refusals import refused

KINDS = list(CATALOGUE.values())
IDS = [kind.name for kind in KINDS]


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_every_claim_has_a_label_in_both_languages(kind: DocumentType) -> None:
    metadata = json_decode(type_metadata.document_bytes(kind))
    assert metadata["vct"] == type_metadata.type_of(kind)
    assert {each["locale"]: each["name"] for each in metadata["display"]} == {"vi": kind.title.vi, "en": kind.title.en}
    listed = {tuple(claim["path"]): claim for claim in metadata["claims"]}
    for field in kind.fields:
        claim = listed[(field.name,)]
        labels = {each["locale"]: each["label"] for each in claim["display"]}
        assert labels == {"vi": field.label.vi, "en": field.label.en}
        assert (claim["sd"], claim["mandatory"]) == ("always", field.required)
    for name in type_metadata.NEVER_HIDDEN:
        assert listed[(name,)]["sd"] == "never"


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_what_is_issued_is_what_the_metadata_says(kind: DocumentType) -> None:
    """Each disclosure lies on a path that is listed as disclosable, and each such path of the record is hidden."""
    credential = issue(kind.name)
    token = disclosures.parse(credential)
    paths = sd_jwt.peek(credential).paths
    listed = [tuple(claim["path"]) for claim in type_metadata.type_metadata(kind)["claims"] if claim["sd"] != "never"]
    for path in paths:
        assert any(
            len(path) == len(each) and all(b is None or a == b for a, b in zip(path, each, strict=True))
            for each in listed
        ), path
    assert len(token.disclosures) == len(paths)


@pytest.mark.parametrize("kind", KINDS, ids=IDS)
def test_the_type_of_a_document(kind: DocumentType) -> None:
    assert type_metadata.document_of(type_metadata.type_of(kind)) is kind
    assert not {field.name for field in kind.fields} & {*type_metadata.NEVER_HIDDEN, *disclosures.RESERVED}


def test_integrity_is_that_of_the_bytes() -> None:
    kind = CATALOGUE["driving_licence"]
    data, vct = type_metadata.document_bytes(kind), type_metadata.type_of(kind)
    digest = base64.b64encode(hashlib.sha256(data).digest()).decode()
    assert type_metadata.integrity(kind) == f"sha256-{digest}"
    with refused("type_mismatch"):
        type_metadata.read(data, vct=vct + "0", integrity=f"sha256-{digest}")
    with refused("malformed"):
        type_metadata.read(data, vct=vct, integrity=f"sha256-{digest} sha256-{digest}")
    huge = b" " * (type_metadata.DOCUMENT_LIMIT + 1)
    with refused("oversize"):
        type_metadata.read(huge, vct=vct, integrity=f"sha256-{digest}")
