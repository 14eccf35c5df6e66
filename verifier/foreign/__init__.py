"""Documents of other frameworks, each off until its anchors are given: EU Digital COVID Certificate, SMART Health Card. And the
plain code of the Vietnamese card, which nobody signed (`verifier.foreign.card`).

    from verifier.foreign import Foreign, dcc, shc

    foreign = Foreign((dcc.Anchors((dcc.Signer(certificate),)), shc.Anchors((shc.Issuer(url, jwks),))))
    shown = foreign.verify(text, accept=("eu_dcc.vaccination", "shc.immunization"))

A door of its own: `Verifier` never answers with one of these, and none is accepted by a call that did not name its kind.
"""

from verifier.foreign.model import Framework, Verified
from verifier.foreign.reader import Foreign, Report

__all__ = ["Foreign", "Framework", "Report", "Verified"]
