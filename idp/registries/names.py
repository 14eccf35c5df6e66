"""Names for synthetic people: how people in Vietnam are called, in the many ways that software gets wrong.

Weights are by repetition of the common ones; no list comes from real records.
"""

# Vietnamese order: family, middle, given. Four in ten families are Nguyễn.
FAMILIES = (
    *("Nguyễn",) * 38,
    *("Trần",) * 12,
    *("Lê",) * 10,
    *("Phạm",) * 7,
    *("Hoàng", "Huỳnh", "Phan", "Vũ", "Võ") * 4,
    *("Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý") * 2,
    *("Đào", "Đoàn", "Trịnh", "Mai", "Cao", "Lương", "Tô", "Hà", "Tạ", "Quách", "Thái", "Tôn Thất", "Âu Dương"),
)
MIDDLES = {
    "female": (
        "Thị",
        "Thị",
        "Thị",
        "Ngọc",
        "Thanh",
        "Minh",
        "Thị Thu",
        "Thị Mỹ",
        "Kim",
        "Bảo",
        "Khánh",
        "Thùy",
        "Diệu",
    ),
    "male": ("Văn", "Văn", "Đức", "Minh", "Hữu", "Quốc", "Công", "Xuân", "Thanh", "Gia", "Đình", "Anh", "Duy", "Trọng"),
}
GIVEN = {
    "female": (
        *("Anh", "Hương", "Lan", "Mai", "Hoa", "Hạnh", "Ngọc", "Linh", "Thảo", "Trang", "Yến", "Phượng", "Hằng"),
        *("Nhung", "Thủy", "Thuý", "Quỳnh", "Tuyết", "Uyên", "Vân", "Vy", "Diễm", "Giang", "Huyền", "Nguyệt", "Ánh"),
    ),
    "male": (
        *("Anh", "Hùng", "Dũng", "Cường", "Bình", "Sơn", "Hải", "Long", "Tuấn", "Thắng", "Quân", "Khoa", "Phúc", "Đạt"),
        *("Hòa", "Hoà", "Nghĩa", "Thịnh", "Vũ", "Đông", "Kiên", "Lộc", "Toàn", "Trường", "Quý", "Ước", "Huỳnh", "Nhật"),
    ),
}

# Peoples of the highlands: no family name in the Vietnamese sense, apostrophes, letters outside the Vietnamese alphabet.
HIGHLAND = {
    "female": ("H'Hen Niê", "H'Lim Ayŭn", "H’Bia Êban", "H'Nhơn Kbuôr", "Ka Hương", "Rơ Chăm H'Yéo", "Hồ Thị Kăn"),
    "male": ("Y Moan Êban", "Y Bhĭu Kbuôr", "Y Kŏ Niê", "K'Brếp", "Rơ Ô Bhung", "A Lưới Č'Ring", "Siu Y Ƀlô"),
}

# (nationality, country's name, how the population database has the names)
FOREIGN = {
    "female": (
        ("KR", "Hàn Quốc", ("Kim Seo-yeon", "Lee Ji-woo", "Park Min-ji")),
        ("JP", "Nhật Bản", ("Tanaka Yui", "Sato Hina")),
        ("CN", "Trung Quốc", ("Wang Xiuying", "Lü Fang")),
        ("FR", "Pháp", ("Anne-Marie Lefèvre", "Zoé d'Aubigné")),
        ("US", "Hoa Kỳ", ("Mary-Kate O'Neill", "Ann J. Smith Jr.")),
        ("LA", "Lào", ("Bounmy Phommachanh", "Noy")),
    ),
    "male": (
        ("KR", "Hàn Quốc", ("Kim Min-jun", "Choi Do-yun")),
        ("JP", "Nhật Bản", ("Suzuki Haruto", "Itō Ren")),
        ("CN", "Trung Quốc", ("Li Wei", "Zhang Lei")),
        ("DE", "Đức", ("Jürgen Groß", "Karl-Heinz von der Höhe")),
        ("IN", "Ấn Độ", ("Suresh", "Arjun R. Nair")),
        ("KH", "Campuchia", ("Sok Chan", "Chea Vuthy")),
    ),
}

# Who is called how, of the names above.
_PEOPLES = {
    "Ê Đê": ("H'Hen Niê", "H'Lim Ayŭn", "H’Bia Êban", "H'Nhơn Kbuôr", "Y Moan Êban", "Y Bhĭu Kbuôr", "Y Kŏ Niê"),
    "Cơ Ho": ("Ka Hương", "K'Brếp"),
    "Gia Rai": ("Rơ Chăm H'Yéo", "Rơ Ô Bhung", "Siu Y Ƀlô"),
    "Bru - Vân Kiều": ("Hồ Thị Kăn",),
    "Tà Ôi": ("A Lưới Č'Ring",),
}
_PEOPLE_OF = {name: people for people, called in _PEOPLES.items() for name in called}


def ethnicity(name: str, nationality: str) -> str | None:
    """Of a synthetic citizen; a foreigner's is not recorded."""
    return _PEOPLE_OF.get(name, "Kinh") if nationality == "VN" else None
