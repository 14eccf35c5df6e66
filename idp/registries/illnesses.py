"""What synthetic people suffer from, are inoculated against and see a doctor for: data, in the words of a health book.

Spec: ICD-10 (codes). HIV, mental illness and the like are not here: facilities filter them before they send (Decision 1332/QĐ-BYT).
"""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Allergy:
    type: str  # drug | food | environment
    agent: str
    reaction: str

    @property
    def text(self) -> str:
        return f"{self.agent}: {self.reaction}"


@dataclass(frozen=True, slots=True)
class Condition:
    text: str
    icd10: str


@dataclass(frozen=True, slots=True)
class Vaccine:
    text: str
    name: str
    antigen: str
    doses: int
    since: date = date(2015, 1, 1)


@dataclass(frozen=True, slots=True)
class Reason:
    """Of a visit. `inpatient`: how many days in bed, 0 for none."""

    text: str
    icd10: str
    drugs: str | None
    inpatient: int = 0
    treatment: str = ""


ALLERGIES = (
    Allergy("drug", "Penicillin", "nổi mề đay"),
    Allergy("food", "Hải sản", "phát ban"),
    Allergy("environment", "Phấn hoa", "hắt hơi"),
    Allergy("drug", "Aspirin", "co thắt phế quản"),
    Allergy("food", "Đậu phộng", "phù môi"),
)
CONDITIONS = (
    Condition("Tăng huyết áp", "I10"),
    Condition("Đái tháo đường típ 2", "E11.9"),
    Condition("Hen phế quản", "J45.9"),
    Condition("Viêm dạ dày", "K29.7"),
    Condition("Viêm mũi dị ứng", "J30.4"),
    Condition("Rối loạn lipid máu", "E78.5"),
)
VACCINES = (
    Vaccine("COVID-19 (3 liều)", "COVID-19", "SARS-CoV-2", 3, date(2021, 3, 8)),
    Vaccine("Viêm gan B (3 liều)", "Viêm gan B", "HBsAg", 3),
    Vaccine("Sởi - Rubella", "Sởi - Rubella", "MR", 1),
    Vaccine("Uốn ván", "Uốn ván", "Giải độc tố uốn ván", 1),
    Vaccine("Viêm não Nhật Bản", "Viêm não Nhật Bản", "JE", 2),
    Vaccine("Cúm mùa", "Cúm mùa", "Cúm A, B", 1),
    Vaccine("BCG", "BCG", "BCG", 1),
)
REASONS = (
    *(Reason("Sốt, ho, đau họng", "J06.9", "Paracetamol 500 mg"),) * 4,
    *(Reason("Đau thượng vị", "K29.7", "Omeprazol 20 mg"),) * 2,
    *(Reason("Khám sức khỏe định kỳ", "Z00.0", None),) * 3,
    Reason("Đau răng", "K04.0", "Ibuprofen 400 mg"),
    Reason("Bong gân cổ chân", "S93.4", "Băng chun; Ibuprofen 400 mg"),
    Reason("Sốt cao, phát ban", "A90", "Oresol", 5, "Truyền dịch, theo dõi tiểu cầu"),
    Reason("Đau bụng hố chậu phải", "K35.8", "Cefazolin 1 g", 4, "Phẫu thuật nội soi cắt ruột thừa"),
)
OLD_REASONS = (
    *REASONS,
    *(Reason("Tái khám huyết áp", "I10; E78.5", "Amlodipin 5 mg; Atorvastatin 10 mg"),) * 3,
    *(Reason("Tái khám đái tháo đường", "E11.9; I10", "Metformin 850 mg"),) * 2,
)
OLD = 45
OCCUPATIONS = (
    *("Nông dân", "Công nhân", "Nhân viên văn phòng", "Buôn bán nhỏ", "Giáo viên", "Lái xe", "Thợ may", "Kỹ sư"),
    *("Điều dưỡng", "Ngư dân", "Thợ xây", "Lao động tự do"),
)
DOCTORS = ("Lê Thị Mô Phỏng", "Trần Văn Mô Phỏng", "Nguyễn Minh Mô Phỏng")
