"""`offer`: a document for a person's wallet."""

import argparse
import time

from certs.catalogue import CATALOGUE
from idp.commands.opening import find_person, settings, writing
from idp.commands.terminal import REFUSED, Failed, Words, command, moment, show
from idp.issuance import offer
from idp.issuance.entitlement import Refusal


def add(words: Words) -> None:
    offered = command(words, "offer", _offer, "offer a document to a person's wallet")
    offered.add_argument("person", metavar="PID", help="12 digits")
    offered.add_argument("kind", metavar="TYPE", choices=sorted(CATALOGUE), help=", ".join(sorted(CATALOGUE)))


def _offer(options: argparse.Namespace) -> int:
    with writing(options) as ports:
        account = ports.accounts.by_person(find_person(ports, options.person).person_id)
        if account is None:
            raise Failed("this person has no account; choose one of the personas: see personas.json", REFUSED)
        made = offer.create(ports, account_id=account.account_id, kind=options.kind, now=int(time.time()))
    if isinstance(made, Refusal):
        raise Failed(made.text.en, REFUSED)
    link = offer.wallet_link(settings(options).issuer, made.offer_id)
    return show([{"link": link, "transaction code": made.tx_code, "until": moment(made.expires)}], options)
