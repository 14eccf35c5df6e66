"""Where a request comes from: a browser in two words, an address as a network. Enough to know it again, not to trace it.

Spec: RFC 9110 §10.1.5 (User-Agent); RFC 6177 (a household's IPv6 network); Law on Personal Data Protection 91/2025/QH15
"""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# In this order: most browsers name others too. No more than a person would say.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("coc_coc_browser/", "Cốc Cốc"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
MAX_USER_AGENT = 512  # longer ones are read no further

# A household or a phone has a /64 of its own; as one source of tries it counts as one address.
SOURCE_BITS = 64
SHOWN_BITS = {4: 24, 6: 48}


def device(user_agent: str) -> str:
    """`Chrome, Android`; empty for what names neither."""
    read = user_agent[:MAX_USER_AGENT]
    words = (next((name for mark, name in names if mark in read), None) for names in (_BROWSERS, _SYSTEMS))
    return ", ".join(word for word in words if word)


def source(address: str) -> str:
    """Whose tries are counted together; empty for what is no address."""
    read = _read(address)
    if isinstance(read, IPv6Address):
        return str(ip_network((read, SOURCE_BITS), strict=False))
    return "" if read is None else str(read)


def network(address: str) -> str:
    """What its person may be shown: `203.0.113.0/24`, `2001:db8::/48`."""
    read = _read(address)
    return "" if read is None else str(ip_network((read, SHOWN_BITS[read.version]), strict=False))


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        read = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    return (read.ipv4_mapped or read) if isinstance(read, IPv6Address) else read
