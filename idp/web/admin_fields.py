"""The fields of the form of a client: from its metadata, to its metadata, and which one is at fault.

Spec: RFC 7591 §2; OpenID Connect Dynamic Client Registration 1.0 §2
"""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from certs.catalogue import Text
from certs.encoding import json_decode, json_encode
from certs.errors import CertsError
from idp.model import Client
from idp.oidc.clients import client_changes
from idp.oidc.clients.address_metadata import SECTOR
from idp.oidc.clients.client_changes import Change
from idp.oidc.clients.registration import RegistrationError
from idp.oidc.logout import BACK, FRONT, POST_LOGOUT
from idp.oidc.profiles import BASIC, PRIVATE_KEY_JWT, PUBLIC
from idp.oidc.request import Parameters
from idp.oidc.scopes import OPENID, SCOPES, for_documents, split

Typed = dict[str, str]
Problems = dict[str, Text]

OFFERED = tuple(scope for scope in SCOPES if scope != OPENID and not for_documents([scope]))
TEXTS = ("name", "name_en", "purpose", "purpose_en", SECTOR, BACK, FRONT)
LINES = ("redirect_uris", POST_LOGOUT, "documents", "jwks")
CHOICES = ("profile", "proves", "entitled")
# How it proves who it is: the method and the kind of application.
PROVES: Mapping[str, tuple[str, str]] = {
    "secret": (BASIC, "web"),
    "key": (PRIVATE_KEY_JWT, "web"),
    "public": (PUBLIC, "web"),
    "native": (PUBLIC, "native"),
}

_ADDRESS = Text(
    "Nhập địa chỉ đầy đủ: https, có tên máy chủ, không có dấu #",
    "Enter a whole address: https, with a host, without #",
)
_NAME = Text(
    "Nhập chữ mà người dân đọc được: không trống, không ký tự ẩn, không lẫn bảng chữ",
    "Enter words that citizens can read: not empty, no hidden characters, no mixed alphabets",
)
WRONG: Mapping[str, Text] = {
    "name": _NAME,
    "name_en": _NAME,
    "purpose": _NAME,
    "purpose_en": _NAME,
    "redirect_uris": Text(
        "Nhập từ 1 đến 20 địa chỉ nhận trả lời, mỗi dòng một địa chỉ https đầy đủ, không có dấu #",
        "Enter 1 to 20 redirect URIs, one a line: whole https addresses without #",
    ),
    SECTOR: Text(
        "Nhập địa chỉ https của một tệp JSON có mọi địa chỉ nhận trả lời; tệp phải mở được ngay bây giờ",
        "Enter the https address of a JSON file that lists all redirect URIs; it must open right now",
    ),
    "entitled": Text(
        "Nhóm này không được biết số định danh cá nhân. Bỏ chọn mục này, hoặc chọn nhóm agency hay bank",
        "This profile is not told the personal number. Untick this, or choose the profile agency or bank",
    ),
    "documents": Text("Một dòng không phải là quyền có thật", "A line is no scope that there is"),
    POST_LOGOUT: _ADDRESS,
    BACK: _ADDRESS,
    FRONT: Text(
        "Nhập địa chỉ https cùng nơi với một địa chỉ nhận trả lời",
        "Enter an https address of the same site as a redirect URI",
    ),
    "jwks": Text(
        "Dán bộ khóa công khai (JWK Set) có từ 1 đến 10 khóa, mỗi khóa có “kid”",
        "Paste a JWK set of 1 to 10 public keys, each with a “kid”",
    ),
    "profile": Text(
        "Ứng dụng này không đáp ứng yêu cầu của nhóm đã chọn, ví dụ về cách chứng minh",
        "This application does not meet what this profile asks for, for example in how it proves itself",
    ),
}
TOGETHER = Text("Các giá trị này không đi cùng nhau", "These values do not go together")
MEANWHILE = Text(
    "Người khác vừa sửa ứng dụng này. Hãy mở lại trang sửa để thấy giá trị mới",
    "Somebody else has just changed this application. Open the form again to see what it is now",
)


def of(client: Client) -> Typed:
    typed = {
        "name": client.name.vi,
        "name_en": client.name.en if client.name.en != client.name.vi else "",
        "purpose": client.purpose.vi,
        "purpose_en": client.purpose.en if client.purpose.en != client.purpose.vi else "",
        "redirect_uris": "\n".join(client.redirect_uris),
        "documents": "\n".join(scope for scope in client.scopes if scope not in (OPENID, *OFFERED)),
        POST_LOGOUT: "\n".join(client.metadata.get(POST_LOGOUT, ())),
        BACK: client.metadata.get(BACK, ""),
        FRONT: client.metadata.get(FRONT, ""),
        SECTOR: client.metadata.get(SECTOR, ""),
        "profile": client.profile,
        "entitled": "yes" if client.entitled_to_pid else "",
    }
    return typed | {f"scope-{scope}": "yes" for scope in OFFERED if scope in client.scopes}


def read(sent: Parameters) -> Typed:
    named = (*TEXTS, *LINES, *CHOICES, *(f"scope-{scope}" for scope in OFFERED))
    return {name: (sent.get(name) or "").strip() for name in named}


def seen(client: Client) -> str:
    """What the form was made from: who sends it after somebody else's change would undo that one unseen."""
    made = {**client_changes.metadata_of(client), "profile": client.profile, "entitled": client.entitled_to_pid}
    return hashlib.sha256(json_encode(made)).hexdigest()


def change_of(typed: Typed, client: Client) -> Change:
    """What differs from what is registered; an empty field leaves its member out."""
    members = members_of(typed, held=client.scopes)
    optional = ("client_name#en", "purpose#en", POST_LOGOUT, BACK, FRONT, SECTOR)
    return Change(
        members=members,
        without=tuple(name for name in optional if name not in members),
        profile=typed["profile"],
        entitled_to_pid=typed["entitled"] == "yes",
    )


def members_of(typed: Typed, *, held: tuple[str, ...] = (OPENID,)) -> dict[str, Any]:
    """Scopes keep their order: only what was ticked anew comes behind."""
    ticked = [scope for scope in OFFERED if typed.get(f"scope-{scope}") == "yes"]
    wanted = [scope for scope in held if scope == OPENID] + ticked + typed["documents"].split()
    known = [scope for scope in held if scope in wanted]
    optional: dict[str, Any] = {
        "client_name#en": typed["name_en"],
        "purpose#en": typed["purpose_en"],
        POST_LOGOUT: typed[POST_LOGOUT].split(),
        BACK: typed[BACK],
        FRONT: typed[FRONT],
        SECTOR: typed[SECTOR],
    }
    return {
        "client_name": typed["name"],
        "purpose": typed["purpose"],
        "redirect_uris": typed["redirect_uris"].split(),
        "scope": " ".join(split(" ".join([*known, *wanted]))),
        **{name: value for name, value in optional.items() if value},
    }


def keys_of(typed: Typed) -> Any:
    """The JWK set, or None where it is no JSON: which the registration then refuses."""
    try:
        return json_decode(typed["jwks"].encode("utf-8", "surrogatepass"))
    except CertsError:
        return None


# field: the members that are judged for it; what is not named here is judged with the whole only
_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "name": ("client_name",),
    "name_en": ("client_name#en",),
    "purpose": ("purpose",),
    "purpose_en": ("purpose#en",),
    SECTOR: (SECTOR,),
    "redirect_uris": (SECTOR, "redirect_uris"),
    "documents": ("scope",),
    POST_LOGOUT: (POST_LOGOUT,),
    BACK: (BACK,),
    FRONT: (SECTOR, "redirect_uris", FRONT),
}


def faults(members: Mapping[str, Any], attempt: Callable[[Mapping[str, Any]], object]) -> Problems:
    """The whole was refused: which fields are refused alone, upon what is known to be good? `attempt` raises for those."""
    found: Problems = {}
    for field, names in _MEMBERS.items():
        if names[-1] not in members or (field == FRONT and "redirect_uris" in found):
            continue
        try:
            attempt({name: members[name] for name in names if name in members and name not in found})
        except RegistrationError:
            found[field] = WRONG[field]
    return found
