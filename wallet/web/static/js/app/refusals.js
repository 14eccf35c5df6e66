// Why a scanned code leads nowhere: what happened, and what a person can do. The codes are those of certs/challenge.md §5.

import { say } from "./language.js";

const NOTHING = () => say("Ví không gửi gì đi.", "Nothing left the wallet.");
const UNREADABLE = () => [say("Ví không đọc được mã này.", "The wallet cannot read this code."), `${NOTHING()} ${say("Hãy nhờ quầy tạo mã mới rồi quét lại.", "Ask the counter for a new code and scan again.")}`];
const FORGED = () => [say("Chữ ký trên mã không đúng: không biết chắc ai đang hỏi.", "The signature on the code does not hold: it is not certain who asks."), `${NOTHING()} ${say("Đừng đi tiếp.", "Do not go on.")}`];
const ENDED = () => [say("Giấy chứng nhận của bên hỏi chưa hoặc không còn hiệu lực.", "The certificate of who asks is not valid now."), `${NOTHING()} ${say("Nếu đồng hồ của máy đúng, hãy nói với quầy.", "If this device's clock is right, tell the counter.")}`];

const SAID = {
  none: () => [say("Không thấy mã QR nào trong ảnh.", "No QR code was found in the picture."), say("Hãy chụp rõ hơn, đủ cả bốn góc của mã.", "Take a sharper picture, with all four corners of the code.")],
  several: () => [say("Trong ảnh có nhiều mã.", "There are several codes in the picture."), say("Hãy chỉ để một mã trong khung.", "Have only one code in the frame.")],
  picture: () => [say("Tệp này không phải là ảnh, hoặc quá lớn.", "This file is no picture, or is too large."), say("Hãy chọn ảnh PNG hoặc JPEG, tối đa 12 MB.", "Choose a PNG or JPEG of at most 12 MB.")],
  empty: () => [say("Chưa có ảnh hay nội dung nào.", "There is no picture and no text yet."), say("Hãy chọn ảnh, hoặc dán nội dung của mã.", "Choose a picture, or paste the text of the code.")],
  reader: () => [say("Chưa tải được phần đọc mã.", "The part that reads codes could not be loaded."), say("Hãy mở ví một lần khi có mạng, hoặc dán nội dung của mã.", "Open the wallet once with a network, or paste the text of the code.")],
  document: () => [say("Đây là giấy tờ mà người khác xuất trình, không phải câu hỏi dành cho bạn.", "This is a document that somebody shows, not a request to you."), say("Muốn kiểm tra nó, hãy dùng ứng dụng của quầy.", "To check it, use a counter's application.")],
  unknown: () => [say("Ví không biết loại mã này.", "The wallet does not know this kind of code."), NOTHING()],
  offline: () => [say("Mã này cần có mạng.", "This code needs a network."), say("Hãy nối mạng rồi quét lại. Mã của quầy dùng để hỏi trực tiếp thì không cần mạng.", "Connect and scan again. The code by which a counter asks face to face needs none.")],
  "no-list": () => [say("Máy này chưa có danh sách bên được phép hỏi.", "This device does not have the list of who may ask yet."), say("Hãy mở ví một lần khi có mạng và đã đăng nhập.", "Open the wallet once, online and signed in.")],
  issuer_untrusted: () => [say("Không biết chắc ai đang hỏi.", "It is not certain who asks."), `${say("Bên này không có trong danh sách được phép hỏi giấy tờ, hoặc nói sai tên mình.", "They are not on the list of who may ask for documents, or give a name that is not theirs.")} ${NOTHING()} ${say("Đừng đi tiếp.", "Do not go on.")}`],
  policy_refused: () => [say("Bên hỏi đòi nhiều hơn mức được phép.", "Who asks wants more than it may."), say("Ví đã từ chối thay bạn và không gửi gì đi.", "The wallet refused for you, and nothing left it.")],
  expired: () => [say("Mã này đã hết hạn.", "This code has expired."), say("Hãy nhờ quầy tạo mã mới.", "Ask the counter for a new one.")],
  issued_in_future: () => [say("Mã này mang giờ chưa tới.", "This code is from the future."), say("Hãy xem lại đồng hồ của máy, rồi quét mã mới.", "Check this device's clock, then scan a new code.")],
  cert_expired: ENDED, cert_not_yet_valid: ENDED, signature_invalid: FORGED, alg_not_allowed: FORGED,
};

/** @param {string} code @returns {[string, string]} what happened, what to do */
export const refusal = (code) => (SAID[code] ?? UNREADABLE)();
