"""Places for synthetic people: provinces and communes as they are since 1 July 2025, two tiers and no district.

Spec: Resolution 202/2025/QH15 (34 provinces). A few communes a province are enough to look right; this is no gazetteer.
"""

COMMUNES: dict[str, tuple[str, ...]] = {
    "Hà Nội": ("Phường Ngọc Hà", "Phường Hoàn Kiếm", "Phường Cầu Giấy", "Phường Hà Đông", "Xã Sóc Sơn", "Xã Ba Vì"),
    "Hồ Chí Minh": ("Phường Sài Gòn", "Phường Bến Thành", "Phường Thủ Đức", "Phường Vũng Tàu", "Xã Củ Chi"),
    "Hải Phòng": ("Phường Hồng Bàng", "Phường Lê Chân", "Phường Hải Dương", "Xã Kiến Thụy"),
    "Đà Nẵng": ("Phường Hải Châu", "Phường Sơn Trà", "Phường Hội An", "Xã Hòa Vang"),
    "Huế": ("Phường Thuận Hóa", "Phường Phú Xuân", "Xã A Lưới 1"),
    "Cần Thơ": ("Phường Ninh Kiều", "Phường Cái Răng", "Phường Sóc Trăng", "Xã Phong Điền"),
    "Nghệ An": ("Phường Trường Vinh", "Phường Cửa Lò", "Xã Nam Đàn", "Xã Kỳ Sơn"),
    "Thanh Hóa": ("Phường Hạc Thành", "Phường Sầm Sơn", "Xã Hậu Lộc"),
    "Bắc Ninh": ("Phường Kinh Bắc", "Phường Bắc Giang", "Xã Lục Ngạn"),
    "Quảng Ninh": ("Phường Hạ Long", "Phường Móng Cái 1", "Đặc khu Cô Tô"),
    "Thái Nguyên": ("Phường Phan Đình Phùng", "Phường Bắc Kạn", "Xã Định Hóa"),
    "Lào Cai": ("Phường Sa Pa", "Phường Yên Bái", "Xã Bắc Hà"),
    "Sơn La": ("Phường Tô Hiệu", "Phường Mộc Châu", "Xã Yên Châu"),
    "Gia Lai": ("Phường Quy Nhơn", "Phường Pleiku", "Xã Chư Sê"),
    "Đắk Lắk": ("Phường Buôn Ma Thuột", "Phường Tuy Hòa", "Xã Ea Kao", "Xã Krông Búk"),
    "Khánh Hòa": ("Phường Nha Trang", "Phường Phan Rang", "Đặc khu Trường Sa"),
    "Lâm Đồng": ("Phường Xuân Hương - Đà Lạt", "Phường Phan Thiết", "Xã Đức Trọng"),
    "Đồng Nai": ("Phường Trấn Biên", "Phường Long Khánh", "Xã Long Thành"),
    "An Giang": ("Phường Long Xuyên", "Phường Rạch Giá", "Đặc khu Phú Quốc"),
    "Cà Mau": ("Phường Bạc Liêu", "Phường Tân Thành", "Xã Đất Mũi"),
}
PROVINCES = tuple(COMMUNES)

STREETS = (
    "Lê Lợi",
    "Trần Hưng Đạo",
    "Nguyễn Trãi",
    "Hai Bà Trưng",
    "Lý Thường Kiệt",
    "Điện Biên Phủ",
    "Phan Chu Trinh",
)
HAMLETS = ("Thôn 1", "Thôn 2", "Thôn Đông", "Ấp Bình An", "Ấp 3", "Bản Nà Lốc", "Buôn Kao", "Tổ dân phố 7", "Khu phố 4")

FACILITIES = (
    "Trạm Y tế phường (mô phỏng)",
    "Bệnh viện Đa khoa tỉnh (mô phỏng)",
    "Trung tâm Y tế khu vực (mô phỏng)",
    "Phòng khám đa khoa Hướng Dương (mô phỏng)",
)
