"""A web server that is not ours: Apache with Debian's mod_auth_openidc, which lets nobody at its pages who is not signed in.

Spec: OpenID Connect Core 1.0 §3.1; RFC 7636. Configured as its manual says, with its sessions on the server: the end of one
that it is told by us needs that.
"""

import secrets
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PACKAGE = "libapache2-mod-auth-openidc"
MODULES = Path("/usr/lib/apache2/modules")
NAMES = "mpm_event authn_core authz_core authz_user dir mime include auth_openidc"
START_SECONDS = 15.0

# `REMOTE_USER` and the claims are what applications behind it get.
PAGE = """<!doctype html><html lang="vi"><title>Apache</title>
<p id="user"><!--#echo var="REMOTE_USER" --></p><p id="name"><!--#echo var="OIDC_CLAIM_name" --></p>
<p id="acr"><!--#echo var="OIDC_CLAIM_acr" --></p>
"""

CONFIGURATION = """
ServerRoot "{folder}"
PidFile "{folder}/httpd.pid"
DefaultRuntimeDir "{folder}"
ErrorLog "{folder}/error.log"
LogLevel warn
ServerName {host}
Listen 127.0.0.1:{port}
User www-data
Group www-data
StartServers 1
ThreadsPerChild 8
MaxRequestWorkers 32
DocumentRoot "{folder}/pages"
TypesConfig /etc/mime.types
DirectoryIndex index.html
AddDefaultCharset utf-8
AddOutputFilter INCLUDES .html

OIDCProviderMetadataURL {issuer}/.well-known/openid-configuration
OIDCClientID {client_id}
OIDCClientSecret {secret}
OIDCProviderTokenEndpointAuth client_secret_basic
OIDCRedirectURI {url}/protected/redirect
OIDCDefaultURL {url}/protected/
OIDCCryptoPassphrase {passphrase}
OIDCScope "openid profile"
OIDCPKCEMethod S256
OIDCIDTokenSignedResponseAlg ES256
OIDCRemoteUserClaim sub
OIDCSessionType server-cache
OIDCRedirectURLsAllowed ^{url}/ ^{issuer}/

<Directory "{folder}/pages">
  Options +Includes
  Require all granted
</Directory>
<Location "/protected">
  AuthType openid-connect
  Require valid-user
</Location>
"""


def missing() -> str | None:
    """What to do where it is not installed."""
    there = (MODULES / "mod_auth_openidc.so").is_file() and _program() is not None
    return None if there else f"Apache's mod_auth_openidc is not installed: apt-get install {PACKAGE}"


def _program() -> str | None:
    return shutil.which("apache2", path="/usr/sbin:/usr/bin")


@contextmanager
def protecting(url: str, *, issuer: str, client_id: str, secret: str) -> Iterator[None]:
    """At this address, with one page under `/protected/` and one beside it, until the block ends."""
    host, _, port = url.removeprefix("http://").partition(":")
    with tempfile.TemporaryDirectory(prefix="apache-") as place:
        folder = Path(place)
        folder.chmod(0o755)  # its workers are another user
        for path in ("pages/index.html", "pages/protected/index.html"):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(PAGE, "utf-8")
        loaded = "".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so\n" for name in NAMES.split())
        names = {"folder": folder, "host": host, "port": port, "url": url, "issuer": issuer}
        told = CONFIGURATION.format(**names, client_id=client_id, secret=secret, passphrase=secrets.token_hex(16))
        (folder / "httpd.conf").write_text(loaded + told)
        server = subprocess.Popen([str(_program()), "-f", str(folder / "httpd.conf"), "-D", "FOREGROUND"])
        try:
            _wait(url, server, folder / "error.log")
            yield
        finally:
            server.terminate()
            server.wait(timeout=START_SECONDS)


def _wait(url: str, server: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"{url}/index.html", timeout=5):
                return
        except urllib.error.URLError as error:
            said = log.read_text() if log.exists() else ""
            assert server.poll() is None and time.monotonic() < end, f"Apache does not answer: {error}\n{said}"
        time.sleep(0.02)
