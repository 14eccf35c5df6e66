"""The wallet's refusals: one stable code each, what happened and what the person can do, and a detail for the log only.

Spec: none; the codes are the wallet's own closed list. What the floor refuses keeps the floor's code in `detail`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from certs.catalogue import Text
from wallet.advice import BACKUP, PHONE, Advice
from wallet.reader_advice import READERS

_ASK_AGAIN = Text(
    "Hãy quay lại trang của cơ quan cấp và xin một đề nghị mới.",
    "Go back to the issuer's page and ask for a new offer.",
)
_NOTHING_KEPT = Text(
    "Ví không giữ lại gì. Hãy báo cho cơ quan cấp mã lỗi dưới đây.",
    "The wallet kept nothing. Tell the issuer the error number below.",
)
_LATER = Text("Hãy thử lại sau ít phút.", "Try again in a few minutes.")

ADVICE: Mapping[str, Advice] = MappingProxyType(
    {
        **PHONE,
        **READERS,
        **BACKUP,
        "offer_malformed": Advice(
            Text("Đây không phải là một đề nghị cấp giấy tờ.", "This is not an offer of a document."),
            Text("Hãy sao chép lại toàn bộ đường dẫn rồi dán vào đây.", "Copy the whole link again and paste it here."),
        ),
        "offer_unsupported": Advice(
            Text("Ví này chưa nhận được loại giấy tờ đó.", "This wallet cannot receive that kind of document."),
            _ASK_AGAIN,
        ),
        "offer_gone": Advice(
            Text("Đề nghị này đã hết hạn hoặc đã được dùng.", "This offer has expired or was already used."), _ASK_AGAIN
        ),
        "issuer_untrusted": Advice(
            Text("Ví không biết mã hoặc đường dẫn này của ai.", "The wallet does not know whose code or link this is."),
            Text(
                "Đừng đi tiếp và đừng nhập mã nào. Ví chỉ làm việc với cơ quan nhà nước mà nó biết.",
                "Do not go on, and enter no code. The wallet deals only with the state authority that it knows.",
            ),
        ),
        "issuer_unreachable": Advice(
            Text("Chưa liên lạc được với cơ quan cấp.", "The issuer cannot be reached at the moment."), _LATER
        ),
        "issuer_refused": Advice(
            Text("Cơ quan cấp đã từ chối yêu cầu.", "The issuer refused the request."), _ASK_AGAIN
        ),
        "issuer_denied": Advice(
            Text("Cơ quan cấp hiện không cấp được giấy tờ này.", "The issuer cannot issue this document now."),
            Text(
                "Giấy tờ có thể đang bị tạm đình chỉ hoặc đã hết hạn. Hãy xem trang giấy tờ của bạn tại cơ quan cấp.",
                "It may be suspended or have run out. See the page of your documents at the issuer.",
            ),
        ),
        "too_early": Advice(
            Text("Chưa đến lúc hỏi lại.", "It is too early to ask again."),
            Text(
                "Cơ quan cấp đã cho biết khi nào được hỏi lại. Hãy đợi đến lúc đó.",
                "The issuer has said when it may be asked again. Wait until then.",
            ),
        ),
        "promise_gone": Advice(
            Text("Cơ quan cấp không còn giữ yêu cầu này.", "The issuer no longer has this request."),
            Text("Hãy xin lại giấy tờ.", "Ask for the document again."),
        ),
        "right_expired": Advice(
            Text("Quyền nhận giấy tờ này đã hết hạn.", "The right to fetch this document has expired."),
            Text("Hãy xin lại giấy tờ.", "Ask for the document again."),
        ),
        "asking_unknown": Advice(
            Text("Lượt xin giấy tờ này đã xong hoặc đã quá hạn.", "This request is finished or took too long."),
            Text("Hãy chọn lại giấy tờ trong ví.", "Choose the document in your wallet again."),
        ),
        "asking_refused": Advice(
            Text("Giấy tờ chưa được đưa vào ví.", "The document was not put into the wallet."),
            Text(
                "Bạn đã không đồng ý, hoặc cơ quan cấp chưa cấp được. Không có gì thay đổi trong ví.",
                "You declined, or the issuer could not issue it. Nothing changed in your wallet.",
            ),
        ),
        "transaction_code_needed": Advice(
            Text("Cần mã giao dịch.", "A transaction code is needed."),
            Text("Hãy nhập mã mà cơ quan cấp đang hiển thị cho bạn.", "Enter the code that the issuer is showing you."),
        ),
        "transaction_code_wrong": Advice(
            Text(
                "Mã giao dịch không đúng, hoặc đề nghị đã hết hạn.",
                "The transaction code is wrong, or the offer has expired.",
            ),
            Text(
                "Hãy kiểm tra mã rồi nhập lại; nếu vẫn không được, hãy xin một đề nghị mới.",
                "Check the code and enter it again; if that fails, ask for a new offer.",
            ),
        ),
        "receipt_unknown": Advice(
            Text("Lượt nhận này đã xong hoặc đã quá hạn.", "This receipt is finished or took too long."), _ASK_AGAIN
        ),
        "proof_invalid": Advice(
            Text("Trình duyệt không chứng minh được khóa của nó.", "The browser could not prove its key."), _ASK_AGAIN
        ),
        "credential_refused": Advice(
            Text("Giấy tờ nhận được không qua được kiểm tra.", "What arrived did not pass the checks."), _NOTHING_KEPT
        ),
        "not_my_key": Advice(
            Text("Giấy tờ nhận được gắn với khóa của người khác.", "What arrived is bound to somebody else's key."),
            _NOTHING_KEPT,
        ),
        "not_as_offered": Advice(
            Text("Giấy tờ nhận được không đúng loại đã đề nghị.", "What arrived is not what was offered."),
            _NOTHING_KEPT,
        ),
        "not_about_me": Advice(
            Text("Giấy tờ nhận được là của người khác.", "What arrived is about another person."), _NOTHING_KEPT
        ),
        "trust_unavailable": Advice(
            Text(
                "Chưa có danh sách cơ quan được tin cậy còn hiệu lực.",
                "No valid list of trusted authorities is at hand.",
            ),
            _LATER,
        ),
        "vault_unreadable": Advice(
            Text("Không mở được kho giấy tờ.", "The vault cannot be opened."),
            Text(
                "Khóa của kho không khớp hoặc dữ liệu đã bị sửa. Hãy khôi phục khóa, hoặc nhận lại giấy tờ.",
                "Its key does not match or the data was altered. Restore the key, or receive the documents again.",
            ),
        ),
        "vault_key_unsafe": Advice(
            Text("Khóa của kho không được giữ an toàn.", "The vault's key is not kept safely."),
            Text(
                "Tệp khóa phải dài 32 byte và chỉ chủ của nó đọc được (chmod 600).",
                "The key file must hold 32 bytes and be readable by its owner only (chmod 600).",
            ),
        ),
        "document_unknown": Advice(
            Text("Trong ví không có giấy tờ này.", "This document is not in the wallet."),
            Text("Có thể nó đã được gỡ bỏ. Hãy xem trang chủ.", "It may have been removed. See the home page."),
        ),
        "view_unknown": Advice(
            Text("Giấy tờ này không có cách xuất trình như vậy.", "This document has no such view."),
            Text("Hãy chọn một cách xuất trình trong danh sách.", "Choose a view from the list."),
        ),
        "key_elsewhere": Advice(
            Text("Khóa của giấy tờ này ở nơi khác.", "The key of this document is elsewhere."),
            Text("Hãy nhận lại giấy tờ trên thiết bị này.", "Receive the document again on this device."),
        ),
        "copies_used_up": Advice(
            Text("Mọi bản của giấy tờ này đã được dùng.", "Every copy of this document was used."),
            Text("Hãy nhận lại giấy tờ để có bản mới.", "Receive the document again for new copies."),
        ),
        "format_missing": Advice(
            Text("Ví không giữ giấy tờ này ở định dạng đó.", "The wallet does not hold this document in that format."),
            Text("Hãy nhận lại giấy tờ với định dạng đó.", "Receive the document again in that format."),
        ),
        "claims_unknown": Advice(
            Text("Giấy tờ này không có thông tin như vậy.", "This document does not have such facts."),
            Text("Hãy chọn trong các thông tin của giấy tờ.", "Choose among the facts of the document."),
        ),
        "sign_in_failed": Advice(
            Text("Đăng nhập không thành công.", "Signing in did not succeed."),
            Text("Hãy đăng nhập lại.", "Sign in again."),
        ),
        "sign_in_refused": Advice(
            Text("Bạn đã không đồng ý, hoặc việc đăng nhập bị từ chối.", "You declined, or signing in was refused."),
            Text("Không có gì được chia sẻ. Bạn có thể đăng nhập lại.", "Nothing was shared. You may sign in again."),
        ),
        "form_expired": Advice(
            Text("Trang này đã mở quá lâu.", "This page was open for too long."),
            Text("Hãy tải lại trang rồi thử lại.", "Reload the page and try again."),
        ),
        "request_malformed": Advice(
            Text("Yêu cầu không hợp lệ.", "The request is not valid."),
            Text("Hãy tải lại trang rồi thử lại.", "Reload the page and try again."),
        ),
    }
)


class WalletError(Exception):
    """A refusal. `code` may be shown; `detail` goes to the log and never holds a secret or a claim's value."""

    def __init__(self, code: str, detail: str = "", *, fill: Text | None = None) -> None:
        if code not in ADVICE:
            raise ValueError(f"no such code: {code!r}")
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail
        self._fill = fill  # what stands for {} in the sentence: how long, how many

    @property
    def advice(self) -> Advice:
        advice = ADVICE[self.code]
        if self._fill is None:
            return advice
        told = Text(advice.next_step.vi.replace("{}", self._fill.vi), advice.next_step.en.replace("{}", self._fill.en))
        return Advice(advice.happened, told)
