"""The vectors of RFC 9901 and the recipes of its reference code, by the one runner: `../shared/vectors/sd-jwt-*`.

They are about SD-JWT in general: no vct of ours, no certificate, often another `typ`. What SD-JWT VC asks beyond that is
in `tests/attacks/test_sd_jwt.py`; here it refuses them all for it.
"""

import json
import secrets
from collections.abc import Callable
from typing import Any

import pytest

from certs import jose
from certs.encoding import b64url_decode, json_decode
from certs.formats import Expected, disclosures, key_binding, sd_jwt
from certs.formats.disclosures import Hidden, Path, Revealed
from certs.keys import MemorySigner, PublicKey
from tests.certs.formats.sd_jwts import verify
from tests.certs.refusals import refused
from tests.vectors import recipes
from tests.vectors.shared import FOLDER, Case, absent, judge, load

SHOWN_AT = 1748536865
ASKED = Expected(audience="https://verifier.example.org", challenge=b"1234567890")


def cases() -> list[dict[str, Any]]:
    return list(load("sd-jwt-spec/cases.json")["cases"])


def compact(case: dict[str, Any]) -> str:
    """§8: a JSON serialization as the compact one that its `sd_hash` is about."""
    value = case["value"]
    if isinstance(value, str):
        return value
    one = value["signatures"][0] if case["form"] == "general" else value
    jwt = f"{one['protected']}.{value['payload']}.{one['signature']}"
    return "~".join([jwt, *one["header"]["disclosures"], one["header"].get("kb_jwt", "")])


def process(text: str, key: PublicKey) -> Revealed:
    """What RFC 9901 §7 asks of any SD-JWT, for one of whatever type."""
    token = disclosures.parse(text)
    payload = json_decode(jose.verify_parsed(jose.parse(token.jwt), lambda _: key, typ=("example+sd-jwt", "dc+sd-jwt")).payload)  # fmt: skip
    revealed = disclosures.reveal(payload, token.disclosures)
    if token.key_binding is not None:
        holder = PublicKey.from_jwk(revealed.claims["cnf"]["jwk"])
        key_binding.check(jose.parse(token.key_binding), token.presented, holder, expected=ASKED, now=SHOWN_AT)
    return revealed


def issuer() -> PublicKey:
    return PublicKey.from_jwk(load("sd-jwt-spec/cases.json")["issuer_public_jwk"])


def test_the_examples_of_the_specification() -> None:
    assert len(cases()) == 11
    for case in cases():
        text = compact(case)
        token = disclosures.parse(text)
        assert len(token.disclosures) == case["disclosure_count"], case["id"]
        assert (token.key_binding is not None) == case["has_key_binding"], case["id"]
        assert process(text, issuer()).claims == case["expect_processed_payload"], case["id"]


def test_the_examples_with_one_thing_changed() -> None:
    """Each is good; without its first disclosure, with it twice, under another key, with another holder's binding: not."""
    key, other = issuer(), MemorySigner.generate().public
    good = [Case(case["id"], True, _run(compact(case), key)) for case in cases()]
    bad = []
    for case in cases():
        jwt, first, *rest = compact(case).split("~")
        twice = "~".join([jwt, first, first, *rest])
        bad += [Case(case["id"], False, _run(twice, key)), Case(case["id"], False, _run(compact(case), other))]
        if case["has_key_binding"]:
            bad.append(Case(case["id"], False, _run("~".join([jwt, *rest]), key)))
    judge("-", good + bad, count=11 + 22 + 5)


def _run(text: str, key: PublicKey) -> Callable[[], object]:
    return lambda: process(text, key)


def test_the_example_credentials_are_no_documents_of_ours() -> None:
    """Whatever the specification signed, our verdict is no: another type, or a key that no trust list names."""
    for case in cases():
        with refused("key_not_found" if case["issuer_header"]["typ"] == sd_jwt.TYP else "type_mismatch"):
            verify(compact(case))
        if not isinstance(case["value"], str):
            with refused("malformed"):
                verify(json.dumps(case["value"]))


def test_the_disclosures_of_the_specification() -> None:
    listed = load("sd-jwt-spec/disclosures.json")
    assert len(listed) == 87
    for each in listed:
        assert disclosures.digest(each["disclosure"]) == each["sha256_digest"]
        assert json_decode(b64url_decode(each["disclosure"])) == each["contents"]
        array = len(each["contents"]) == 2
        payload = {"list": [{"...": each["sha256_digest"]}]} if array else {"_sd": [each["sha256_digest"]]}
        value = each["contents"][-1]
        nested = {other["disclosure"] for other in listed if other["sha256_digest"] in json.dumps(value)}
        claims = disclosures.reveal(payload, [each["disclosure"], *sorted(nested)]).claims
        assert list(claims) == (["list"] if array else [each["contents"][1]])


# --- recipes ----------------------------------------------------------------------------------------------------------

RECIPES = (
    "array_data_types",
    "array_full_sd",
    "array_in_sd",
    "array_nested_in_plain",
    "array_none_disclosed",
    "array_of_nulls",
    "array_of_objects",
    "array_of_scalars",
    "array_recursive_sd",
    "array_recursive_sd_some_disclosed",
    "header_mod",
    "json_serialization_flattened",
    "json_serialization_general",
    "key_binding",
    "no_sd",
    "object_data_types",
    "recursions",
)


def recipe(name: str) -> dict[str, Any]:
    if not FOLDER.is_dir():
        absent("the shared vectors are not here: ../shared/vectors")
    read = recipes.read((FOLDER / "sd-jwt-testcases" / name / "specification.yml").read_text("utf-8"))
    assert isinstance(read, dict)
    return read


def bare(value: Any) -> Any:
    if isinstance(value, Hidden):
        return bare(value.value)
    if isinstance(value, dict):
        return {name: bare(each) for name, each in value.items()}
    return [bare(each) for each in value] if isinstance(value, list) else value


def chosen(claims: Any, wish: Any, path: Path = ()) -> list[Path]:
    """The paths that `holder_disclosed_claims` names: it has the shape of the claims, with True where all is shown."""
    if isinstance(claims, Hidden):
        if not wish or wish == "None":
            return []
        below = chosen(claims.value, wish, path)
        return [path, *below] if isinstance(claims.value, dict | list) else [path]
    if isinstance(claims, dict) and isinstance(wish, dict):
        return [place for name in wish if name in claims for place in chosen(claims[name], wish[name], (*path, name))]
    if isinstance(claims, list) and isinstance(wish, list):
        pairs = enumerate(zip(claims, wish, strict=False))
        return [place for at, (each, want) in pairs for place in chosen(each, want, (*path, at))]
    return []


def shown(revealed: Revealed, paths: list[Path]) -> tuple[str, ...]:
    """The recipes disclose a claim without what is hidden below it; `choose` shows all below, so these go out singly."""
    return tuple(disclosure for disclosure, place in revealed.placed.items() if place in paths)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe(name: str) -> None:
    told = recipe(name)
    claims = told["user_claims"]
    payload, hidden = disclosures.conceal(claims, random=secrets.token_bytes)
    whole = disclosures.reveal(payload, hidden)
    assert whole.claims == bare(claims)
    selection = shown(whole, chosen(claims, told["holder_disclosed_claims"]))
    assert disclosures.reveal(payload, selection).claims == told["expect_verified_user_claims"]
    assert ("_sd_alg" in payload) == (name != "no_sd")


def test_every_recipe_is_run() -> None:
    if not FOLDER.is_dir():
        absent("the shared vectors are not here: ../shared/vectors")
    folders = {path.parent.name for path in (FOLDER / "sd-jwt-testcases").glob("*/specification.yml")}
    assert folders == set(RECIPES)


def test_the_reader_of_recipes_refuses_what_it_does_not_know() -> None:
    assert recipes.read("a:\n  - !sd b: 1\n  - [!sd 'c', {d: 2.5}]\n") == {
        "a": [{"b": Hidden(1)}, [Hidden("c"), {"d": 2.5}]]
    }
    for text in ("a: 1\n- b\n", "a: [1] 2\n", "a: 1\n  b: 2\n"):
        with pytest.raises(ValueError, match="not"):
            recipes.read(text)
