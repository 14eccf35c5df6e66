"""Real servers on the loopback that answer exactly the bytes a test wants, at the pace it wants; with TLS where asked."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

Talk = Callable[[socket.socket], None]


@dataclass
class Server:
    """`requests` is what came in, one entry a connection."""

    port: int
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str = "/", *, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


def answer(body: bytes, *, status: str = "200 OK", headers: str = "") -> Talk:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}\r\n"
    return lambda connection: connection.sendall(head.encode() + body)


def raw(*parts: bytes, pause: float = 0.0) -> Talk:
    """The parts one after the other, with a pause between them that ends when the other side goes away."""

    def talk(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            if pause:
                connection.settimeout(pause)
                try:
                    if connection.recv(1) == b"":
                        return
                except TimeoutError:
                    continue

    return talk


@contextmanager
def serving(talk: Talk, *, tls: ssl.SSLContext | None = None, address: str = "127.0.0.1") -> Iterator[Server]:
    listener = socket.create_server((address, 0))
    server = Server(listener.getsockname()[1])

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.settimeout(5)
                    stream = tls.wrap_socket(connection, server_side=True) if tls else connection
                    with stream:
                        server.requests.append(_request(stream))
                        talk(stream)
                except OSError:
                    continue  # the other side went away, which is what many of these tests are about

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=10)
        assert not thread.is_alive()


def _request(stream: socket.socket) -> bytes:
    """The head of the request, and a body of the announced length."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = stream.recv(65536)
        if not more:
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    wanted = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
    while len(body) < wanted:
        body += stream.recv(65536)
    return head + b"\r\n\r\n" + body


def tls_for(folder: Path, *names: str) -> tuple[ssl.SSLContext, str]:
    """A server context for these names, and the file with the authority that vouches for it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test server")])
    now = datetime.now(UTC)
    addresses = [x509.IPAddress(ip_address(each)) for each in names if each[0].isdigit()]
    hosts = [x509.DNSName(each) for each in names if not each[0].isdigit()]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([*addresses, *hosts]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(Encoding.PEM)
    (folder / "server.pem").write_bytes(pem + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "anchor.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    return context, str(folder / "anchor.pem")
