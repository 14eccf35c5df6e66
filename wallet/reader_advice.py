"""What the wallet says when a reader's request cannot be answered: what happened, and what the person can do.

Spec: none; the codes are a part of the list in `wallet.errors`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from certs.catalogue import Text
from wallet.advice import Advice

_BEGIN_ANEW = Text("Hãy bắt đầu lại ở trang của bên hỏi.", "Start again on the page of who asks.")
_NOTHING_LEFT = Text(
    "Ví không gửi gì đi. Hãy báo cho bên hỏi mã lỗi dưới đây.",
    "Nothing left the wallet. Tell who asks the error number below.",
)

READERS: Mapping[str, Advice] = MappingProxyType(
    {
        "reader_malformed": Advice(
            Text("Ví không đọc được câu hỏi này.", "The wallet cannot read this request."), _NOTHING_LEFT
        ),
        "reader_unreachable": Advice(
            Text("Chưa liên lạc được với bên hỏi.", "Who asks cannot be reached at the moment."), _BEGIN_ANEW
        ),
        "reader_untrusted": Advice(
            Text("Không biết chắc ai đang hỏi.", "It is not certain who asks."),
            Text(
                "Bên này không có trong danh sách được phép hỏi giấy tờ, hoặc không chứng minh được mình là ai. Đừng đi tiếp.",
                "They are not on the list of who may ask for documents, or cannot prove who they are. Do not go on.",
            ),
        ),
        "reader_overasks": Advice(
            Text("Bên hỏi đòi nhiều hơn mức được phép.", "Who asks wants more than it may."),
            Text(
                "{} Ví đã từ chối thay bạn và không gửi gì đi.",
                "{} The wallet refused for you, and nothing left it.",
            ),
        ),
        "challenge_over": Advice(
            Text("Mã này đã hết hạn, hoặc mang giờ chưa tới.", "This code has expired, or is from the future."),
            Text("Hãy nhờ quầy tạo mã mới rồi quét lại.", "Ask the counter for a new code and scan again."),
        ),
        "reader_unsupported": Advice(
            Text("Ví này chưa trả lời được kiểu câu hỏi đó.", "This wallet cannot answer that kind of request."),
            _NOTHING_LEFT,
        ),
        "reader_repeats": Advice(
            Text("Câu hỏi này đã được trả lời.", "This request was answered already."),
            Text(
                "Nếu bạn không vừa trả lời, hãy cẩn thận: có người đang dùng lại nó. Hãy bắt đầu lại ở trang của bên hỏi.",
                "If you did not just answer it, take care: somebody is using it again. Start again on the page of who asks.",
            ),
        ),
        "answering_gone": Advice(
            Text(
                "Lượt này đã xong, đã quá hạn, hoặc không dành cho bạn.",
                "This is finished, took too long, or is not for you.",
            ),
            _BEGIN_ANEW,
        ),
        "nothing_fits": Advice(
            Text("Lựa chọn này không trả lời được câu hỏi.", "This choice does not answer the request."),
            Text("Hãy tải lại trang rồi chọn lại.", "Reload the page and choose again."),
        ),
        "answer_refused": Advice(
            Text("Bên hỏi không nhận câu trả lời.", "Who asks did not accept the answer."), _BEGIN_ANEW
        ),
        "answer_unsent": Advice(
            Text("Không rõ câu trả lời đã tới nơi chưa.", "It is not known whether the answer arrived."),
            Text(
                "Hãy xem trang của bên hỏi. Nếu chưa tới, hãy bắt đầu lại ở đó.",
                "See the page of who asks. If it did not arrive, start again there.",
            ),
        ),
        "answer_too_large": Advice(
            Text("Câu trả lời quá lớn để gửi.", "The answer is too large to be sent."), _NOTHING_LEFT
        ),
    }
)
