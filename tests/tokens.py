"""A token in software (Debian's SoftHSM2) for tests: made, taken away, put back."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from certs.pkcs11 import Token

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, LABEL = "1234", "nation"


@dataclass(frozen=True, slots=True)
class SoftToken:
    folder: Path

    @classmethod
    def make(cls, folder: Path) -> "SoftToken":
        made = cls(folder)
        made._tokens.mkdir(parents=True)
        made.configuration.write_text(
            f"directories.tokendir = {made._tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
        )
        made.pin_file().write_text(PIN + "\n")
        made.pin_file().chmod(0o600)
        return made

    @property
    def configuration(self) -> Path:
        """What SOFTHSM2_CONF has to name before the module is opened."""
        return self.folder / "softhsm2.conf"

    @property
    def _tokens(self) -> Path:
        return self.folder / "tokens"

    def initialize(self) -> None:
        """With SOFTHSM2_CONF set in our environment."""
        command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--pin", PIN, "--so-pin", "567890"]
        subprocess.run(command, check=True, capture_output=True)

    def pin_file(self) -> Path:
        return self.folder / "pin"

    @property
    def token(self) -> Token:
        return Token(module=MODULE, label=LABEL, pin_file=self.pin_file())

    def take_away(self) -> None:
        self._tokens.rename(self.folder / "away")
        self._tokens.mkdir()

    def put_back(self) -> None:
        self._tokens.rmdir()
        (self.folder / "away").rename(self._tokens)
