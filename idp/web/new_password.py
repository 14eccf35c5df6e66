"""A form that sets a new password: what was sent, and what is wrong with it. Spec: NIST SP 800-63B-4 §3.1.1.2"""

from certs.catalogue import Text
from idp.accounts import phones
from idp.login.password import PasswordRefused, check_new
from idp.login.standing import Holder
from idp.oidc.request import Parameters

NO_NEW = Text("Nhập mật khẩu mới", "Enter a new password")
NOT_AGAIN = Text(
    "Hai lần nhập không giống nhau. Nhập lại mật khẩu mới", "The two are not the same. Enter the new password again"
)

Problems = dict[str, Text]  # by the field's name


def chosen(sent: Parameters, who: Holder) -> tuple[str, Problems]:
    """The new password, and what hinders it. Nothing was hashed yet."""
    new, again = sent.get("new") or "", sent.get("again") or ""
    if not new:
        return new, {"new": NO_NEW}
    contacts = [text for text in (who.account.phone, phones.national(who.account.phone), who.account.email) if text]
    try:
        check_new(new, person=who.person, contacts=contacts)
    except PasswordRefused as refused:
        return new, {"new": refused.text}
    return new, {} if again == new else {"again": NOT_AGAIN}
