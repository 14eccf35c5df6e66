"""What a refusal says: what happened, and what the person can do; and the sentences about scanned codes and this phone.

Spec: none; the codes are a part of the list in `wallet.errors`. `{}` stands for how long or how many.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from certs.catalogue import Text


@dataclass(frozen=True, slots=True)
class Advice:
    """What happened, and what the person can do about it."""

    happened: Text
    next_step: Text


PHONE: Mapping[str, Advice] = MappingProxyType(
    {
        "prefix_unknown": Advice(
            Text("Ví không hiểu mã hoặc đường dẫn này.", "The wallet does not understand this code or link."),
            Text(
                "Hãy quét mã trên trang đăng nhập, hoặc mã đề nghị cấp giấy tờ.",
                "Scan the code of a sign-in page, or the one of an offer of a document.",
            ),
        ),
        "other_person": Advice(
            Text("Tài khoản vừa đăng nhập là của người khác.", "The account that signed in is another person's."),
            Text(
                "Hãy đăng xuất ở cả ví và trang định danh, rồi đăng nhập lại bằng một tài khoản.",
                "Sign out of the wallet and of the provider, then sign in to both with the same account.",
            ),
        ),
        "level_needed": Advice(
            Text("Cần đăng nhập mạnh hơn.", "A stronger sign-in is needed."),
            Text("Trang định danh sẽ hỏi thêm một yếu tố.", "The provider will ask for one more factor."),
        ),
        "level_unreachable": Advice(
            Text(
                "Lần đăng nhập ở trang định danh chưa đủ mạnh.", "Your sign-in at the provider was not strong enough."
            ),
            Text(
                "Hãy bắt đầu lại và xác thực thêm một bước. Nếu chưa có cách thứ hai, hãy thêm ở trang bảo mật của tài khoản.",
                "Start again, and take the one more step. Without a second way, add one on your account's security page.",
            ),
        ),
        "enrolment_unknown": Advice(
            Text(
                "Lượt đăng ký điện thoại này đã xong hoặc đã quá hạn.", "This enrolment is finished or took too long."
            ),
            Text("Hãy bắt đầu lại.", "Start again."),
        ),
        "enrolment_refused": Advice(
            Text("Điện thoại chưa được đăng ký.", "The phone was not enrolled."),
            Text(
                "Bạn đã không đồng ý, hoặc việc đăng nhập bị từ chối. Bạn có thể bắt đầu lại.",
                "You declined, or signing in was refused. You may start again.",
            ),
        ),
        "clock_wrong": Advice(
            Text("Đồng hồ của máy này và của cơ quan cấp lệch nhau.", "This device's clock and the issuer's differ."),
            Text(
                "Hãy kiểm tra ngày giờ của máy: bật đặt giờ tự động, rồi thử lại.",
                "Check the clock: switch automatic date and time on, then try again.",
            ),
        ),
        "device_name_needed": Advice(
            Text("Cần một tên cho điện thoại này.", "This phone needs a name."),
            Text("Hãy đặt tên từ 1 đến 64 ký tự.", "Give it a name of 1 to 64 characters."),
        ),
        "device_refused": Advice(
            Text("Trang định danh không nhận điện thoại này.", "The provider did not take this phone."),
            Text("Hãy bắt đầu lại.", "Start again."),
        ),
        "devices_full": Advice(
            Text("Tài khoản đã có đủ số điện thoại.", "Your account has as many phones as it may."),
            Text(
                "Hãy gỡ một điện thoại cũ ở trang bảo mật của tài khoản, rồi thử lại.",
                "Remove an old one on your account's security page, then try again.",
            ),
        ),
        "device_unknown": Advice(
            Text("Điện thoại này không còn được đăng ký.", "This phone is no longer enrolled."),
            Text("Hãy quên điện thoại này rồi đăng ký lại.", "Forget this phone, then enrol it again."),
        ),
        "signature_refused": Advice(
            Text("Chữ ký của điện thoại này không được nhận.", "This phone's signature was not accepted."),
            Text(
                "Hãy chỉnh lại đồng hồ của máy; nếu giờ đã đúng, hãy quên điện thoại này rồi đăng ký lại.",
                "Set this device's clock; if it is right, forget this phone, then enrol it again.",
            ),
        ),
        "passcode_form": Advice(
            Text("Mật mã gồm đúng 6 chữ số.", "The passcode has exactly 6 digits."),
            Text("Hãy nhập đủ 6 chữ số.", "Enter all 6 digits."),
        ),
        "passcode_weak": Advice(
            Text("Mật mã này quá dễ đoán.", "This passcode is too easy to guess."),
            Text(
                "Tránh dãy số liền nhau, số lặp lại và ngày sinh.",
                "Avoid digits in a row, repeated digits and your birthday.",
            ),
        ),
        "passcode_wrong": Advice(
            Text("Mật mã không đúng.", "The passcode is wrong."),
            Text("Còn {}. Hãy nhập lại.", "You have {} left. Enter it again."),
        ),
        "passcode_other": Advice(
            Text("Tài khoản đã có mật mã khác.", "Your account has another passcode already."),
            Text(
                "Hãy nhập mật mã bạn đang dùng trên điện thoại kia.", "Enter the one that you use on your other phone."
            ),
        ),
        "passcode_spent": Advice(
            Text(
                "Mật mã sai quá nhiều lần, nên không ai được đăng nhập.",
                "Too many wrong passcodes: nobody is signed in.",
            ),
            Text("Hãy bắt đầu lại trên màn hình kia.", "Start again on the other screen."),
        ),
        "too_many_tries": Advice(
            Text("Đã thử quá nhiều lần.", "There were too many tries."),
            Text("Hãy đợi {} rồi thử lại.", "Wait {}, then try again."),
        ),
        "number_mismatch": Advice(
            Text("Số không khớp, nên không ai được đăng nhập.", "The number did not match, so nobody is signed in."),
            Text(
                "Nếu chính bạn đang đăng nhập, hãy bắt đầu lại trên màn hình kia. Nếu không, có người đang lừa bạn.",
                "If you yourself are signing in, start again on the other screen. If not, somebody is trying to trick you.",
            ),
        ),
        "approval_gone": Advice(
            Text(
                "Yêu cầu này đã hết hạn, đã được trả lời, hoặc không dành cho bạn.",
                "This request has expired, was answered already, or is not for you.",
            ),
            Text("Hãy quét mã mới trên màn hình kia.", "Scan the new code on the other screen."),
        ),
        "approval_by_link": Advice(
            Text("Không mở yêu cầu này bằng đường dẫn được.", "This request cannot be opened by a link."),
            Text(
                "Hãy quét mã trên màn hình bạn đang đăng nhập. Nếu có ai gửi đường dẫn cho bạn, họ có thể đang lừa bạn.",
                "Scan the code on the screen where you sign in. If somebody sent you the link, it may be a trick.",
            ),
        ),
        "approval_by_scan": Advice(
            Text(
                "Yêu cầu này thuộc về trình duyệt đang đăng nhập.", "This request belongs to the browser that signs in."
            ),
            Text("Hãy mở ví ngay trong trình duyệt đó.", "Open the wallet in that very browser."),
        ),
    }
)

_KEPT_AS_IT_WAS = Text("Ví không thay đổi gì.", "Nothing in the wallet changed.")

BACKUP: Mapping[str, Advice] = MappingProxyType(
    {
        "passphrase_short": Advice(
            Text("Cụm mật khẩu quá ngắn.", "The passphrase is too short."),
            Text(
                "Hãy dùng từ 12 đến 1.000 ký tự, ví dụ bốn từ không liên quan đến nhau.",
                "Use 12 to 1,000 characters, for example four words that have nothing to do with one another.",
            ),
        ),
        "passphrases_differ": Advice(
            Text("Hai lần nhập không giống nhau.", "The two are not the same."),
            Text("Hãy nhập lại cùng một cụm mật khẩu.", "Enter the same passphrase twice."),
        ),
        "backup_missing": Advice(
            Text("Chưa chọn tệp sao lưu.", "No backup file was chosen."),
            Text("Hãy chọn tệp đã lưu từ ví này hoặc ví khác.", "Choose the file that you saved from a wallet."),
        ),
        "backup_malformed": Advice(
            Text("Đây không phải là tệp sao lưu của ví.", "This is not a wallet's backup file."),
            Text("Hãy chọn đúng tệp; ví không thay đổi gì.", "Choose the right file; nothing in the wallet changed."),
        ),
        "backup_newer": Advice(
            Text("Tệp sao lưu do phiên bản ví mới hơn tạo ra.", "A newer version of the wallet wrote this backup."),
            Text("Hãy cập nhật ví rồi thử lại.", "Update the wallet, then try again."),
        ),
        "backup_unopened": Advice(
            Text("Cụm mật khẩu không đúng, hoặc tệp đã bị hỏng.", "The passphrase is wrong, or the file is damaged."),
            Text(
                "Hãy nhập lại cụm mật khẩu; nếu vẫn không được, hãy dùng một bản sao khác của tệp.",
                "Enter the passphrase again; if that fails, use another copy of the file.",
            ),
        ),
        "backup_of_another": Advice(
            Text("Tệp sao lưu này là của người khác.", "This backup is another person's."), _KEPT_AS_IT_WAS
        ),
        "backup_too_large": Advice(
            Text("Dữ liệu quá lớn cho một tệp sao lưu.", "This is too large for a backup."),
            Text(
                "Hãy lưu lịch sử ra tệp riêng rồi báo cho bên vận hành ví.",
                "Export the history by itself, and tell whoever runs the wallet.",
            ),
        ),
        "line_unknown": Advice(
            Text("Lịch sử không có dòng này.", "The history does not have this line."),
            Text("Hãy xem trang lịch sử.", "See the history page."),
        ),
    }
)
