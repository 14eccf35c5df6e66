"""`demo`: the demonstration nation and its three roles."""

import argparse
from pathlib import Path

from idp import demo
from idp.commands.terminal import USAGE, Failed, Words, command


def add(words: Words) -> None:
    shown = command(words, "demo", _demo, "build a small nation where there is none, and serve its three roles")
    for name, port in (("idp", 5000), ("wallet", 5001), ("verifier", 5002)):
        shown.add_argument(f"--{name}-port", type=int, default=port, metavar="PORT", help=f"default {port}")
    shown.add_argument("--tls", action="store_true", help="serve over https, with certificates of the nation's own")
    shown.add_argument("--reset", action="store_true", help="make the nation anew; what was in it is gone")
    shown.add_argument("--ready-file", type=Path, help="write this file when everything answers")


def _demo(options: argparse.Namespace) -> int:
    data = options.data or Path("instance")
    ports = (options.idp_port, options.wallet_port, options.verifier_port)
    if not all(0 < port < 65536 for port in ports):
        raise Failed("a port is a number from 1 to 65535", USAGE)
    return demo.run(demo.Options(data, *ports, tls=options.tls, reset=options.reset, ready_file=options.ready_file))
