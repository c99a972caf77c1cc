"""An address of a TCP port as people write it: `host:port`, or `[::1]:port`."""

#: The highest TCP port.
HIGHEST_PORT = 65_535


def host_and_port(text: str, lowest_port: int = 1) -> tuple[str, int]:
    """Host (an IPv6 address without its brackets) and port of `host:port`. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit():
        raise ValueError('must be "host:port", like "127.0.0.1:9092"')
    if not lowest_port <= int(port[:6]) <= HIGHEST_PORT:
        raise ValueError(f"must have a port from {lowest_port} to {HIGHEST_PORT}")
    bracketed = host.startswith("[") and host.endswith("]")
    if (":" in host and not bracketed) or any(c.isspace() or c in "/@" for c in host):
        raise ValueError("must be host:port, without scheme or path (an IPv6 host in brackets: [::1]:9092)")
    return (host[1:-1] if bracketed else host), int(port)
