"""A reader is answered where the keys are at hand, and by two at once: each copy is shown once, each question answered once.

Spec: OpenID4VP 1.0 §8, §14.1; OpenID4VC HAIP 1.0 (copies that are used once).
"""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from certs.formats import sd_jwt
from tests.wallet.issuer import TX_CODE, IssuerDesk
from tests.wallet.reader import MDOC, NONCE, SD_JWT, ReaderDesk, query
from tests.wallet.test_asked import LICENCE, verified_mdoc, verified_sd_jwt
from tests.world import PID, World
from wallet import answering
from wallet.errors import WalletError
from wallet.folder import OWNER, FolderWallet
from wallet.history import Kind
from wallet.matching import Choice, least
from wallet.presenting import Presenter
from wallet.requests import Refused, Request


@pytest.fixture
def desk(world: World) -> IssuerDesk:
    return IssuerDesk(world, configurations=LICENCE)


@pytest.fixture
def reader(world: World, desk: IssuerDesk) -> ReaderDesk:
    return ReaderDesk(world, desk)


@pytest.fixture
def holder(folder: FolderWallet, desk: IssuerDesk) -> FolderWallet:
    folder.receive(desk.link, transaction_code=TX_CODE, pid=PID)
    return folder


@pytest.fixture
def presenter(holder: FolderWallet, reader: ReaderDesk) -> Presenter:
    return Presenter(replace(holder.wallet, web=reader), simulation=True)


def known(reader: ReaderDesk) -> dict[str, Any]:
    bundle = reader.world.open_bundle()
    return {"trust": bundle.trust, "statuses": bundle.statuses, "now": reader.world.now}


def answered(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk, choice: Choice | None = None) -> Request:
    return presenter.answer(reader.link(), OWNER, holder.keys, choice, **known(reader)).request


def test_software_keys_answer_in_both_formats(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk) -> None:
    reader.asks, reader.encrypted = query(SD_JWT, MDOC), True
    assert answered(presenter, holder, reader).reader.organisation == "bank"
    token = reader.opened()["vp_token"]
    assert verified_sd_jwt(reader, token["licence"][0]).holder_bound
    assert verified_mdoc(reader, token["mdl"][0]).holder_bound
    lines = presenter.wallet.history(OWNER)
    assert [each.kind for each in lines] == [Kind.PRESENTED, Kind.PRESENTED, Kind.RECEIVED]
    assert {tuple(each.details["claims"]) for each in lines[:2]} == {("full_name", "classes"), ("full_name",)}
    assert all(each.details["organisation"] == "bank" for each in lines[:2])


def test_without_a_choice_the_least_goes_out(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk) -> None:
    extra = {**SD_JWT, "id": "extra", "claims": [{"path": ["licence_number"]}]}
    nobody = {**SD_JWT, "id": "nobody", "meta": {"vct_values": ["https://elsewhere.example"]}}
    sets = [{"options": [["nobody"], ["mdl"], ["licence"]]}, {"options": [["extra"]], "required": False}]
    reader.asks = query(nobody, MDOC, SD_JWT, extra, credential_sets=sets)
    answered(presenter, holder, reader)
    assert set(reader.opened()["vp_token"]) == {"mdl"}


def test_where_nothing_fits_nothing_is_sent(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["full_name"], "values": ["Somebody Else"]}]})
    with pytest.raises(WalletError, match="nothing_fits"):
        answered(presenter, holder, reader)
    assert reader.answers == []
    assert least(reader_query(presenter, reader), {"licence": ()}).options == (None,)


def reader_query(presenter: Presenter, reader: ReaderDesk) -> Any:
    trust, now = known(reader)["trust"], reader.world.now
    value = presenter.open(reader.link(), OWNER, here=False, trust=trust, now=now)
    return presenter.question(value, OWNER, trust=trust, now=now).request.query


def test_a_refusal_is_told_and_written_down(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk) -> None:
    reader.asks = query({**SD_JWT, "claims": [{"path": ["points"]}]})
    with pytest.raises(Refused, match="reader_overasks"):
        answered(presenter, holder, reader)
    assert reader.answers[0]["error"] == "invalid_request"
    line = presenter.wallet.history(OWNER)[0]
    assert (line.kind, line.details["organisation"]) == (Kind.REFUSED, "bank")


def test_of_two_tabs_that_send_at_once_one_does(presenter: Presenter, holder: FolderWallet, reader: ReaderDesk) -> None:
    """The same question prepared twice, so that each has a signature of its own."""
    trust, now = known(reader)["trust"], reader.world.now
    value = presenter.open(reader.link(), OWNER, here=True, trust=trust, now=now)
    ready = []
    for _ in range(2):
        signing, wanted = presenter.prepare(value, Choice((0,), {}), OWNER, **known(reader))
        ready.append((signing, [answering.sign(each, holder.keys.find(each["thumbprint"]).signer) for each in wanted]))

    def send(one: tuple[str, list[str]]) -> str:
        try:
            presenter.send(*one, OWNER, **known(reader))
        except WalletError as error:
            return error.code
        return "sent"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(send, ready))
    assert outcomes == ["answering_gone", "sent"] and len(reader.answers) == 1
    assert [each.kind for each in presenter.wallet.history(OWNER)].count(Kind.PRESENTED) == 1


def test_two_questions_at_once_get_copies_of_their_own_or_one_begins_anew(
    presenter: Presenter, holder: FolderWallet, reader: ReaderDesk
) -> None:
    ready = []
    for number in range(2):
        reader.changes["nonce"] = f"{NONCE}-{number}"
        trust, now = known(reader)["trust"], reader.world.now
        value = presenter.open(reader.link(), OWNER, here=True, trust=trust, now=now)
        signing, wanted = presenter.prepare(value, Choice((0,), {}), OWNER, **known(reader))
        ready.append((signing, [answering.sign(each, holder.keys.find(each["thumbprint"]).signer) for each in wanted]))
    presenter.send(*ready[0], OWNER, **known(reader))
    with pytest.raises(WalletError, match="answering_gone"):  # both had picked the first copy
        presenter.send(*ready[1], OWNER, **known(reader))
    value = presenter.open(reader.link(), OWNER, here=True, trust=trust, now=now)  # its question waits still
    signing, wanted = presenter.prepare(value, Choice((0,), {}), OWNER, **known(reader))
    proofs = [answering.sign(each, holder.keys.find(each["thumbprint"]).signer) for each in wanted]
    presenter.send(signing, proofs, OWNER, **known(reader))
    sent = [json.loads(answer["vp_token"])["licence"][0] for answer in reader.answers]
    keys = {sd_jwt.peek(each).holder.thumbprint() for each in sent}
    assert len(reader.answers) == len(keys) == 2
