"""A kind of document as the text of its file, small and whole: tests break one thing of it at a time."""

KIND = """
name = "library_card"
code = 90
title = { vi = "Thẻ thư viện", en = "Library card" }
credential_days = 30
colour = "#123456"
glyph = "L"
shared = ["personal_identification_number", "full_name"]
optional = ["birth_date"]
equal = [["card_number", "shelf_mark"]]
order = [["issued_on", "valid_until"], ["loans.lent", "loans.due"], ["birth_date", "loans.lent"]]

[[issuers]]
authority = "health"
since = 2024-01-01
until = 2025-01-01

[[issuers]]
authority = "tax"
since = 2025-01-01

[[fields]]
name = "card_number"
key = 10
kind = "text"
label = { vi = "Số thẻ", en = "Card number" }
form = "/[A-Z]{2}[0-9]{4}/"

[[fields]]
name = "member_number"
key = 11
kind = "digits"
width = 6
label = { vi = "Số hội viên", en = "Member number" }
required = false

[[fields]]
name = "group"
key = 12
kind = "choice"
label = { vi = "Nhóm", en = "Group" }
choices = [{ name = "adult", vi = "Người lớn", en = "Adult" }, "X1"]

[[fields]]
name = "issued_on"
key = 13
kind = "date"
label = { vi = "Ngày cấp", en = "Issued on" }

[[fields]]
name = "valid_until"
key = 14
kind = "date"
label = { vi = "Có giá trị đến", en = "Valid until" }
required = false

[[fields]]
name = "fines"
key = 15
kind = "count"
most = 500
label = { vi = "Tiền phạt", en = "Fines" }
required = false

[[fields]]
name = "blocked"
key = 16
kind = "yes"
label = { vi = "Bị khóa", en = "Blocked" }

[[fields]]
name = "interests"
key = 17
kind = "texts"
label = { vi = "Sở thích", en = "Interests" }
sensitive = true
required = false

[[fields]]
name = "loans"
key = 18
kind = "rows"
label = { vi = "Sách mượn", en = "Loans" }
required = false

[[fields.columns]]
name = "kind"
kind = "choice"
label = { vi = "Loại", en = "Kind" }
choices = ["book", "film"]

[[fields.columns]]
name = "lent"
kind = "date"
label = { vi = "Ngày mượn", en = "Lent" }

[[fields.columns]]
name = "due"
kind = "date"
label = { vi = "Hạn trả", en = "Due" }
required = false

[fields.lifetimes]
choice = "kind"
begins = "lent"
ends = "due"
each = [
  { of = ["book"], years = 1, since = 2020-01-01 },
  { of = ["film"], years = 0, until = 2025-01-01 },
]

[[fields]]
name = "shelf_mark"
key = 20
kind = "text"
label = { vi = "Ký hiệu", en = "Shelf mark" }
required = false

[[fields]]
name = "portrait"
key = 19
kind = "portrait"
label = { vi = "Ảnh", en = "Portrait" }
required = false

[[views]]
name = "card"
code = 1
title = { vi = "Thẻ", en = "Card" }
about.vi = "Cho biết số thẻ và nhóm."
about.en = "Tells card number and group."
fields = ["full_name", "card_number", "group", "valid_until"]

[[views]]
name = "full"
code = 2
title = { vi = "Tất cả", en = "All" }
about.vi = "Cho biết mọi thông tin."
about.en = "Tells everything."
fields = ["personal_identification_number", "full_name", "birth_date", "card_number", "member_number", "group",
  "issued_on", "valid_until", "fines", "blocked", "interests", "loans", "portrait"]
needs = ["portrait"]
qr = false
"""
