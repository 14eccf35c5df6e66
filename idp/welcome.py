"""What the demonstration says once everything answers: to the person at the terminal, and to a program that waits for it."""

import json
from pathlib import Path

from idp import tls
from idp.nation import Nation
from idp.registries import personas

SHOWN = ("minh-anh", "van-binh")  # personas that the terminal names


def announce(here: Nation, *, seconds: float, ready_file: Path | None) -> None:
    _addresses(here)
    _people()
    if (trusted := tls.ca_bundle(here)) is not None:
        _how_to_trust(trusted)
    print(f"\n  Sẵn sàng sau · Ready in {seconds:.1f} s. Ctrl-C: dừng · stop. Mô phỏng · A simulation.", flush=True)
    if ready_file is not None:
        partial = ready_file.with_name(ready_file.name + ".new")
        ready = {"idp": here.issuer, "wallet": here.wallet, "verifier": here.verifier, "seconds": round(seconds, 3)}
        ready |= {"ca_bundle": str(trusted)} if trusted else {}
        partial.write_text(json.dumps(ready), "utf-8")
        partial.replace(ready_file)


def _addresses(here: Nation) -> None:
    rows = [
        ("Nhà nước · The State", here.issuer),
        ("Ví của công dân · Citizen's wallet", here.wallet),
        ("Quầy ngân hàng · Bank counter", here.verifier),
    ]
    width = max(len(name) for name, _ in rows)
    print(*(f"  {name:<{width}}  {url}" for name, url in rows), sep="\n")


def _people() -> None:
    shown = [personas.persona(key) for key in SHOWN]
    width = max(len(one.person.name) for one in shown)
    print("\n  Đăng nhập bằng · Sign in as")
    print(*(f"  {one.person.name:<{width}}  {one.pid}  {one.password}" for one in shown), sep="\n")


def _how_to_trust(file: Path) -> None:
    print("\n  https: trình duyệt cần tin tưởng tệp này, chỉ cho máy này · let your browser trust this file; it is for")
    print("  this machine alone. Firefox: Settings → Certificates → Authorities → Import. curl: --cacert. Chromium:")
    print(f"  certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n vneid-reference -i '{file}'")
