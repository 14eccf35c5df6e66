"""Why a document was not accepted, and what to do next: one entry for each reason code, in the words of a bank clerk.

Spec: the closed list of verifier reason codes, in the order in which the checks are made. `python -m verifier explain CODE` prints an entry.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certs.catalogue import Text


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what happened, what to do, and whether it leaves the question open instead of answering no.

    `code` is stable and never reused; `sentence` and `advice` have `.vi` and `.en`. `python -m verifier explain CODE` prints it.
    """

    code: str
    sentence: Text
    advice: Text
    undetermined: bool = False


_ASK_AGAIN = Text(
    "Đề nghị khách mở lại giấy tờ trong ví rồi quét mã mới.",
    "Ask the customer to open the document in their wallet again, and scan the new code.",
)
_SCAN_AGAIN = Text(
    "Quét lại cho rõ nét, đủ cả bốn góc; không gõ lại mã bằng tay.",
    "Scan it again, sharp and with all four corners; do not type the code by hand.",
)
_DO_NOT_ACCEPT = Text(
    "Không nhận giấy tờ này. Đề nghị khách đưa giấy tờ khác, và báo cho bộ phận an ninh.",
    "Do not take this document. Ask for another one, and tell your security team.",
)
_ISSUER_PROBLEM = Text(
    "Cập nhật dữ liệu tin cậy rồi thử lại. Nếu vẫn vậy, đề nghị khách đưa giấy tờ khác và liên hệ cơ quan cấp.",
    "Refresh the trust data and try again. If it stays so, ask for another document and contact the issuing authority.",
)
_FETCH_AGAIN = Text(
    "Đề nghị khách lấy lại giấy tờ này vào ví, rồi quét mã mới.",
    "Ask the customer to fetch this document into their wallet again, and scan the new code.",
)
_REFRESH = Text(
    "Nối mạng, bấm “Cập nhật dữ liệu tin cậy”, rồi quét lại. Nếu gấp, làm theo quy định của quầy khi mất mạng.",
    "Connect to the network, press “Refresh trust data”, and scan again. If it is urgent, follow your counter's rule for working offline.",
)
_HOLDER_CONTACT = Text(
    "Đề nghị khách liên hệ cơ quan cấp giấy tờ. Không nhận giấy tờ này hôm nay.",
    "Ask the customer to contact the authority that issued it. Do not take this document today.",
)

_LIST = (
    Reason(
        "oversize",
        Text(
            "Mã này dài hơn mọi mã QR giấy tờ hợp lệ.",
            "This code is longer than any genuine document QR code.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "encoding_invalid",
        Text(
            "Mã bị đọc thiếu hoặc có ký tự không hợp lệ.",
            "The code was read incompletely or holds characters that do not belong in it.",
        ),
        _SCAN_AGAIN,
    ),
    Reason(
        "prefix_unknown",
        Text(
            "Đây không phải mã QR giấy tờ của hệ thống này.",
            "This is not a document QR code of this system.",
        ),
        Text(
            "Đề nghị khách mở ví, chọn giấy tờ và bấm “Xuất trình”, rồi quét mã hiện ra.",
            "Ask the customer to open their wallet, choose the document, press “Show”, and scan the code that appears.",
        ),
    ),
    Reason(
        "malformed",
        Text(
            "Nội dung của mã không đúng cấu trúc.",
            "What the code holds is not built as it should be.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "limit_exceeded",
        Text(
            "Mã chứa nhiều dữ liệu hơn mức cho phép.",
            "The code holds more data than is allowed.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "duplicate_key",
        Text(
            "Mã ghi cùng một mục hai lần, nên không thể biết mục nào đúng.",
            "The code states the same thing twice, so it cannot be known which one is right.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "trailing_data",
        Text(
            "Sau giấy tờ còn có dữ liệu thừa trong mã.",
            "There is extra data in the code after the document.",
        ),
        _SCAN_AGAIN,
    ),
    Reason(
        "type_mismatch",
        Text(
            "Mã này chứa thứ khác, không phải giấy tờ cần kiểm tra.",
            "This code holds something else than a document to check.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "alg_not_allowed",
        Text(
            "Giấy tờ được ký bằng cách không được chấp nhận.",
            "The document is signed in a way that is not allowed.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "crit_unknown",
        Text(
            "Giấy tờ đòi một quy tắc mà phần mềm này chưa biết.",
            "The document demands a rule that this software does not know yet.",
        ),
        Text(
            "Cập nhật phần mềm kiểm tra rồi thử lại.",
            "Update the checking software and try again.",
        ),
    ),
    Reason(
        "key_not_found",
        Text(
            "Không tìm thấy khóa của cơ quan đã ký giấy tờ.",
            "The key of the authority that signed it was not found.",
        ),
        _ISSUER_PROBLEM,
    ),
    Reason(
        "unsigned",
        Text(
            "Đây là mã in trên thẻ căn cước: không ai ký, chỉ để nhập liệu, không phải bằng chứng.",
            "This is the code printed on an identity card: nobody signed it. It is data entry, not proof.",
        ),
        Text(
            "Chỉ dùng để điền sẵn biểu mẫu. Để kiểm tra, đề nghị khách mở ví, chọn giấy tờ và bấm “Xuất trình”, rồi quét mã hiện ra.",
            "Use it to fill in a form, and for nothing else. To check, ask the customer to open their wallet, choose the document,"
            " press “Show”, and scan the code that appears.",
        ),
    ),
    Reason(
        "issuer_untrusted",
        Text(
            "Người ký không có quyền cấp loại giấy tờ này theo danh sách tin cậy.",
            "By the trust list, whoever signed this may not issue this kind of document.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "chain_invalid",
        Text(
            "Giấy chứng nhận của người ký không dẫn về gốc tin cậy.",
            "The signer's certificate does not lead back to the trusted root.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "cert_expired",
        Text(
            "Giấy chứng nhận của cơ quan ký đã hết hạn.",
            "The certificate of the signing authority has expired.",
        ),
        _ISSUER_PROBLEM,
    ),
    Reason(
        "cert_not_yet_valid",
        Text(
            "Giấy chứng nhận của cơ quan ký chưa có hiệu lực.",
            "The certificate of the signing authority is not valid yet.",
        ),
        Text(
            "Kiểm tra ngày giờ của máy này, rồi thử lại.",
            "Check the date and time of this machine, then try again.",
        ),
    ),
    Reason(
        "cert_usage",
        Text(
            "Giấy chứng nhận của người ký được cấp cho việc khác, không phải để ký giấy tờ này.",
            "The signer's certificate was made for another purpose than signing this document.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "cert_revoked",
        Text(
            "Giấy chứng nhận của người ký đã bị thu hồi.",
            "The signer's certificate has been withdrawn.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "signature_invalid",
        Text(
            "Chữ ký của cơ quan cấp không đúng: nội dung đã bị sửa hoặc giả mạo.",
            "The authority's signature does not hold: the content was changed or forged.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "digest_mismatch",
        Text(
            "Một thông tin không khớp với điều cơ quan cấp đã ký.",
            "A fact does not match what the authority signed.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "decryption_failed",
        Text(
            "Không mở được nội dung đã mã hoá: gửi nhầm nơi nhận hoặc đã bị sửa.",
            "The encrypted content cannot be opened: it was meant for somebody else, or changed.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "disclosure_invalid",
        Text(
            "Một phần thông tin được chia sẻ không đúng cách.",
            "A part of the shared information was not given properly.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "claim_conflict",
        Text(
            "Các thông tin trong giấy tờ mâu thuẫn với nhau.",
            "Facts in the document contradict each other.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "not_yet_valid",
        Text("Giấy tờ chưa đến ngày có hiệu lực.", "The document is not valid yet."),
        Text(
            "Kiểm tra ngày giờ của máy này. Nếu đúng, đề nghị khách quay lại khi giấy tờ có hiệu lực.",
            "Check the date and time of this machine. If they are right, ask the customer to come back when it is valid.",
        ),
    ),
    Reason(
        "expired",
        Text(
            "Bản giấy tờ trong ví đã hết hạn.",
            "The copy of the document in the wallet has expired.",
        ),
        _FETCH_AGAIN,
    ),
    Reason(
        "issued_in_future",
        Text(
            "Giấy tờ hoặc mã ghi thời điểm ở tương lai.",
            "The document or its code says that it was made in the future.",
        ),
        Text(
            "Kiểm tra ngày giờ của máy này, rồi quét lại.",
            "Check the date and time of this machine, then scan again.",
        ),
    ),
    Reason(
        "holder_binding_missing",
        Text(
            "Không có gì chứng minh người đưa ra là chủ giấy tờ; đây có thể là ảnh chụp, bản sao hoặc bản in.",
            "Nothing proves that the person showing it is its holder; it may be a screenshot, a copy or a print.",
        ),
        Text(
            "Đề nghị khách tự mở ví và xuất trình mã trên màn hình; không nhận ảnh chụp.",
            "Ask the customer to open their own wallet and show the code on the screen; take no screenshots.",
        ),
    ),
    Reason(
        "holder_binding_invalid",
        Text(
            "Bằng chứng người đưa ra là chủ giấy tờ không đúng.",
            "The proof that the person showing it is its holder does not hold.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "audience_mismatch",
        Text(
            "Mã này được tạo cho nơi khác, không phải quầy này.",
            "This code was made for somebody else, not for this counter.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "nonce_mismatch",
        Text(
            "Mã này không trả lời câu hỏi mà quầy vừa đưa ra.",
            "This code does not answer the question this counter just asked.",
        ),
        _ASK_AGAIN,
    ),
    Reason(
        "presentation_stale",
        Text(
            "Mã đã cũ: mỗi mã chỉ dùng được khoảng một phút. Đây có thể là ảnh chụp màn hình.",
            "The code is too old: each code works for about one minute. It may be a screenshot.",
        ),
        Text(
            "Đề nghị khách cho quét mã đang hiện trên ví. Nếu lặp lại, kiểm tra ngày giờ của hai máy.",
            "Scan the code that the wallet shows now. If this repeats, check the clock of both devices.",
        ),
    ),
    Reason(
        "presentation_replayed",
        Text(
            "Mã hoặc giấy tờ này đã được dùng ở đây rồi.",
            "This code or document was already used here.",
        ),
        Text(
            "Chờ ví hiện mã mới (30 giây), rồi quét lại. Nơi cần nhiều giấy tờ, mỗi giấy tờ chỉ được tính một lần.",
            "Wait for the wallet to show a new code (30 seconds), then scan again. Where several documents are needed, each "
            "counts once.",
        ),
    ),
    Reason(
        "status_unavailable",
        Text(
            "Chưa biết giấy tờ này còn hiệu lực hay đã bị thu hồi: thiếu dữ liệu tình trạng.",
            "It is not known whether this document was withdrawn: the data on its state is missing.",
        ),
        _REFRESH,
        undetermined=True,
    ),
    Reason(
        "status_stale",
        Text(
            "Chưa biết giấy tờ này còn hiệu lực hay đã bị thu hồi: dữ liệu tình trạng đã quá cũ.",
            "It is not known whether this document was withdrawn: the data on its state is too old.",
        ),
        _REFRESH,
        undetermined=True,
    ),
    Reason(
        "status_signature_invalid",
        Text(
            "Dữ liệu tình trạng giấy tờ không do đúng cơ quan ký.",
            "The data on the state of documents is not signed by the right authority.",
        ),
        _ISSUER_PROBLEM,
    ),
    Reason(
        "status_index_out_of_range",
        Text(
            "Giấy tờ này không có chỗ trong danh sách tình trạng của cơ quan cấp.",
            "This document has no place in the authority's list of states.",
        ),
        _ISSUER_PROBLEM,
    ),
    Reason(
        "revoked",
        Text(
            "Cơ quan cấp đã thu hồi giấy tờ này.",
            "The issuing authority has withdrawn this document.",
        ),
        _HOLDER_CONTACT,
    ),
    Reason(
        "suspended",
        Text(
            "Cơ quan cấp đang tạm dừng giấy tờ này.",
            "The issuing authority has suspended this document for now.",
        ),
        _HOLDER_CONTACT,
    ),
    Reason(
        "holder_locked",
        Text(
            "Tài khoản định danh của chủ giấy tờ đang bị khóa.",
            "The identity account of the document's holder is locked.",
        ),
        _HOLDER_CONTACT,
    ),
    Reason(
        "text_unsafe",
        Text(
            "Chữ trong giấy tờ có ký tự ẩn hoặc ký tự giả dạng chữ khác.",
            "The writing in the document holds hidden characters, or letters that pass for others.",
        ),
        _DO_NOT_ACCEPT,
    ),
    Reason(
        "claims_missing",
        Text(
            "Giấy tờ thiếu thông tin cần có.",
            "The document lacks a fact that it must have.",
        ),
        Text(
            "Đề nghị khách chọn đúng loại thông tin cần xuất trình trong ví, rồi quét mã mới.",
            "Ask the customer to choose the right set of facts in their wallet, and scan the new code.",
        ),
    ),
    Reason(
        "policy_refused",
        Text(
            "Giấy tờ là thật, nhưng không đáp ứng điều quầy này cần.",
            "The document is genuine, but does not meet what this counter asks for.",
        ),
        Text(
            "Xem lại quầy cần giấy tờ nào và điều kiện gì, rồi đề nghị khách xuất trình giấy tờ phù hợp.",
            "See which document and what condition is asked for here, and ask the customer for one that meets it.",
        ),
    ),
    Reason(
        "clock_unreliable",
        Text(
            "Ngày giờ của máy này không đáng tin, nên chưa thể kết luận.",
            "The date and time of this machine cannot be relied on, so nothing can be concluded.",
        ),
        Text(
            "Chỉnh lại ngày giờ của máy này, rồi quét lại.",
            "Set the date and time of this machine, then scan again.",
        ),
        undetermined=True,
    ),
    Reason(
        "internal",
        Text(
            "Phần mềm kiểm tra gặp lỗi, nên không thể chấp nhận giấy tờ.",
            "The checking software failed, so it cannot accept the document.",
        ),
        Text(
            "Quét lại một lần. Nếu vẫn lỗi, báo cho bộ phận kỹ thuật.",
            "Scan once more. If it fails again, tell your technical team.",
        ),
    ),
)

REASONS: Mapping[str, Reason] = MappingProxyType({reason.code: reason for reason in _LIST})
